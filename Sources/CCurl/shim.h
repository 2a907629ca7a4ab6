// libcurl as far as letters need it. Swift cannot call functions with a variable number of arguments.
#include <curl/curl.h>

typedef size_t (*muster_reader)(char *buffer, size_t size, size_t count, void *context);

// A handle that speaks SMTP and nothing else, wherever a server would send it; NULL where there is no memory.
static inline CURL *muster_curl_open(long seconds) {
  CURL *handle = curl_easy_init();
  if (!handle) return NULL;
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, seconds);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, seconds);
  // No environment variable leads it elsewhere.
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  return handle;
}

// requires_tls: nothing is said before the connection is encrypted.
static inline void muster_curl_set_server(CURL *handle, const char *url, int requires_tls) {
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_USE_SSL, (long)(requires_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
}

static inline void muster_curl_set_login(CURL *handle, const char *user, const char *password) {
  curl_easy_setopt(handle, CURLOPT_USERNAME, user);
  curl_easy_setopt(handle, CURLOPT_PASSWORD, password);
}

static inline void muster_curl_set_envelope(
    CURL *handle, const char *sender, struct curl_slist *recipients) {
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, sender);
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
}

static inline void muster_curl_set_reader(CURL *handle, muster_reader reader, void *context) {
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, reader);
  curl_easy_setopt(handle, CURLOPT_READDATA, context);
}

// What the server has answered last; 0 for nothing.
static inline long muster_curl_status(CURL *handle) {
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return status;
}
