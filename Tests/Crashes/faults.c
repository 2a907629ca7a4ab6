// A library to preload (LD_PRELOAD): it numbers the calls by which a program changes what is below one folder, and
// at one of them kills the program or lets the call fail as a broken or full disk does.
//
//   FAULTS_FOLDER  the folder, absolute and without symbolic links
//   FAULTS_LOG     a file that gets a line per call: number, microseconds since the start, call, path, offset, length,
//                  result
//   FAULTS_AT      the number of the call (1 is the first); without it calls are only numbered
//   FAULTS_DO      kill   the process dies in place of the call
//                  torn   the process dies when half of the bytes are written (other calls: when it is done)
//                  EIO    the call fails, once
//                  ENOSPC it fails, and so does every later one that needs space
//                  short  half of the bytes are written; every later call that needs space fails with ENOSPC
//   FAULTS_AFTER   microseconds after which the process dies, whatever it does then
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum verdict { NOT_OURS, GO_ON, HALF, FAIL };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static int log_file = -1;
static long at, number;
static const char *action = "";
static bool is_full;
static struct timespec started;

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  for (;;) pause();
}

static void *die_after(void *duration) {
  clock_nanosleep(CLOCK_MONOTONIC, 0, duration, NULL);
  die();
  return NULL;
}

__attribute__((constructor)) static void start(void) {
  const char *text = getenv("FAULTS_FOLDER");
  if (!text) return;
  snprintf(folder, sizeof folder, "%s/", text);
  folder_length = strlen(folder);
  if ((text = getenv("FAULTS_AT"))) at = atol(text);
  if ((text = getenv("FAULTS_DO"))) action = text;
  clock_gettime(CLOCK_MONOTONIC, &started);
  static struct timespec duration;
  if ((text = getenv("FAULTS_AFTER"))) {
    duration = (struct timespec){atol(text) / 1000000, atol(text) % 1000000 * 1000};
    pthread_t timer;
    pthread_create(&timer, NULL, die_after, &duration);
  }
  int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
  if ((text = getenv("FAULTS_LOG"))) log_file = syscall(SYS_openat, AT_FDCWD, text, flags, 0600);
}

// ---- which calls count

static bool is_ours(const char *path) { return folder_length && !strncmp(path, folder, folder_length); }

static bool of_descriptor(int descriptor, char path[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = folder_length ? readlink(link, path, PATH_MAX - 2) : -1;
  if (length < 0) return false;
  path[length] = 0;
  if (length == (ssize_t)folder_length - 1) strcpy(path + length, "/");
  return is_ours(path);
}

static bool of_name(int directory, const char *name, char path[PATH_MAX]) {
  if (!name || !folder_length) return false;
  char base[PATH_MAX] = "";
  if (name[0] == '/') {
    snprintf(path, PATH_MAX, "%s", name);
  } else {
    if (directory == AT_FDCWD ? !getcwd(base, sizeof base) : !of_descriptor(directory, base)) return false;
    if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return false;
  }
  return is_ours(path);
}

// ---- what becomes of one

static void record(const char *call, const char *path, long long offset, long long length, long long result) {
  char line[3 * PATH_MAX];
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  long long time = (now.tv_sec - started.tv_sec) * 1000000LL + (now.tv_nsec - started.tv_nsec) / 1000;
  int size = snprintf(line, sizeof line, "%ld\t%lld\t%s\t%s\t%lld\t%lld\t%lld\n", number, time, call,
                      path + folder_length, offset, length, result);
  if (log_file >= 0) syscall(SYS_write, log_file, line, (size_t)size);
}

// Takes the lock, which `end` gives back; what `call` needs of the disk: space or nothing.
static enum verdict begin(bool needs_space) {
  pthread_mutex_lock(&lock);
  bool is_it = ++number == at;
  if (is_it && !strcmp(action, "kill")) die();
  if (is_it && !strcmp(action, "torn")) return HALF;
  if (is_it && !strcmp(action, "EIO")) { errno = EIO; return FAIL; }
  if (is_it && !strcmp(action, "short")) { is_full = true; return HALF; }
  if (is_it && !strcmp(action, "ENOSPC") && needs_space) is_full = true;
  if (is_full && needs_space) { errno = ENOSPC; return FAIL; }
  return GO_ON;
}

static void end(const char *call, const char *path, long long offset, long long length, long long result) {
  int error = errno;
  record(call, path, offset, length, result);
  if (number == at && !strcmp(action, "torn")) die();
  pthread_mutex_unlock(&lock);
  errno = error;
}

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

// ---- bytes

static off_t position(int descriptor) {
  int flags = fcntl(descriptor, F_GETFL);
  struct stat status;
  if (flags >= 0 && flags & O_APPEND && !fstat(descriptor, &status)) return status.st_size;
  return lseek(descriptor, 0, SEEK_CUR);
}

static ssize_t write_at(const char *call, const char *path, int descriptor, const void *bytes, size_t length,
                        off_t offset, bool moves) {
  enum verdict verdict = begin(true);
  off_t from = moves ? position(descriptor) : offset;
  size_t wanted = verdict == HALF ? (length + 1) / 2 : length;
  ssize_t result = verdict == FAIL ? -1
                   : moves         ? syscall(SYS_write, descriptor, bytes, wanted)
                                   : syscall(SYS_pwrite64, descriptor, bytes, wanted, offset);
  end(call, path, from, length, result);
  return result;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_write, descriptor, bytes, length);
  return write_at("write", path, descriptor, bytes, length, 0, true);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_pwrite64, descriptor, bytes, length, offset);
  return write_at("write", path, descriptor, bytes, length, offset, false);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
  return pwrite(descriptor, bytes, length, offset);
}

// Piece by piece, as a system may do it.
static ssize_t write_pieces(int descriptor, const struct iovec *pieces, int count, off_t offset, bool moves) {
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    ssize_t result = moves ? write(descriptor, pieces[i].iov_base, pieces[i].iov_len)
                           : pwrite(descriptor, pieces[i].iov_base, pieces[i].iov_len, offset + done);
    if (result < 0) return done ? done : result;
    done += result;
    if ((size_t)result < pieces[i].iov_len) break;
  }
  return done;
}

ssize_t writev(int descriptor, const struct iovec *pieces, int count) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_writev, descriptor, pieces, count);
  return write_pieces(descriptor, pieces, count, 0, true);
}

ssize_t pwritev(int descriptor, const struct iovec *pieces, int count, off_t offset) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return REAL(pwritev)(descriptor, pieces, count, offset);
  return write_pieces(descriptor, pieces, count, offset, false);
}

ssize_t pwritev64(int descriptor, const struct iovec *pieces, int count, off64_t offset) {
  return pwritev(descriptor, pieces, count, offset);
}

// Programs that use these fall back to write where the system lacks them.
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned flags) {
  char path[PATH_MAX];
  if (!of_descriptor(to, path)) return REAL(copy_file_range)(from, from_at, to, to_at, length, flags);
  errno = ENOSYS;
  return -1;
}

ssize_t sendfile(int to, int from, off_t *offset, size_t length) {
  char path[PATH_MAX];
  if (!of_descriptor(to, path)) return REAL(sendfile)(to, from, offset, length);
  errno = EINVAL;
  return -1;
}

ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) { return sendfile(to, from, offset, length); }

// ---- everything else: a call that is done or fails as a whole

#define WHOLE(needs_space, call, path, offset, length, expression)            \
  do {                                                                        \
    long long result = begin(needs_space) == FAIL ? -1 : (long long)(expression); \
    end(call, path, offset, length, result);                                  \
    return result;                                                            \
  } while (0)

int fsync(int descriptor) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_fsync, descriptor);
  WHOLE(false, "sync", path, 0, 0, syscall(SYS_fsync, descriptor));
}

int fdatasync(int descriptor) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_fdatasync, descriptor);
  WHOLE(false, "sync", path, 0, 0, syscall(SYS_fdatasync, descriptor));
}

int ftruncate(int descriptor, off_t length) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_ftruncate, descriptor, length);
  WHOLE(false, "truncate", path, 0, length, syscall(SYS_ftruncate, descriptor, length));
}

int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, length); }

int truncate(const char *name, off_t length) {
  char path[PATH_MAX];
  if (!of_name(AT_FDCWD, name, path)) return syscall(SYS_truncate, name, length);
  WHOLE(false, "truncate", path, 0, length, syscall(SYS_truncate, name, length));
}

int truncate64(const char *name, off64_t length) { return truncate(name, length); }

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
  char path[PATH_MAX];
  if (!of_descriptor(descriptor, path)) return syscall(SYS_fallocate, descriptor, mode, offset, length);
  const char *call = mode & FALLOC_FL_PUNCH_HOLE ? "punch" : "allocate";
  WHOLE(true, call, path, offset, length, syscall(SYS_fallocate, descriptor, mode, offset, length));
}

int fallocate64(int descriptor, int mode, off64_t offset, off64_t length) {
  return fallocate(descriptor, mode, offset, length);
}

int unlinkat(int directory, const char *name, int flags) {
  char path[PATH_MAX];
  if (!of_name(directory, name, path)) return syscall(SYS_unlinkat, directory, name, flags);
  const char *call = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
  WHOLE(false, call, path, 0, 0, syscall(SYS_unlinkat, directory, name, flags));
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int remove(const char *name) {
  int result = unlinkat(AT_FDCWD, name, 0);
  return result && errno == EISDIR ? unlinkat(AT_FDCWD, name, AT_REMOVEDIR) : result;
}

int mkdirat(int directory, const char *name, mode_t mode) {
  char path[PATH_MAX];
  // Whoever makes a folder that is there already changes nothing.
  if (!of_name(directory, name, path) || !faccessat(directory, name, F_OK, 0))
    return syscall(SYS_mkdirat, directory, name, mode);
  WHOLE(true, "mkdir", path, 0, 0, syscall(SYS_mkdirat, directory, name, mode));
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

// The log names both, separated by " -> ".
int renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags) {
  char source[PATH_MAX], target[PATH_MAX], both[2 * PATH_MAX + 8];
  bool leaves = of_name(from_directory, from, source), comes = of_name(to_directory, to, target);
  if (!leaves && !comes) return syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
  snprintf(both, sizeof both, "%s -> %s", source, comes ? target + folder_length : target);
  WHOLE(false, "rename", both, 0, 0, syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
}

int renameat(int from_directory, const char *from, int to_directory, const char *to) {
  return renameat2(from_directory, from, to_directory, to, 0);
}

int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags) {
  char source[PATH_MAX] = "", target[PATH_MAX], both[2 * PATH_MAX + 8];
  if (!of_name(to_directory, to, target))
    return syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
  of_name(from_directory, from, source);
  snprintf(both, sizeof both, "%s -> %s", source, target + folder_length);
  WHOLE(true, "link", both, 0, 0, syscall(SYS_linkat, from_directory, from, to_directory, to, flags));
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

// ---- opening: counts where it makes a file, empties one, or could write to one

static int open_as(int directory, const char *name, int flags, mode_t mode) {
  char path[PATH_MAX];
  bool makes = flags & O_CREAT && faccessat(directory, name, F_OK, 0) != 0;
  bool writes = makes || flags & O_TRUNC || (flags & O_ACCMODE) != O_RDONLY;
  if (!writes || !of_name(directory, name, path)) return syscall(SYS_openat, directory, name, flags, mode);
  const char *call = makes ? "create" : flags & O_TRUNC ? "empty" : "open";
  WHOLE(makes, call, path, 0, 0, syscall(SYS_openat, directory, name, flags, mode));
}

#define MODE(flags, last)                                   \
  mode_t mode = 0;                                          \
  if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) { \
    va_list arguments;                                      \
    va_start(arguments, last);                              \
    mode = va_arg(arguments, mode_t);                       \
    va_end(arguments);                                      \
  }

int open(const char *name, int flags, ...) { MODE(flags, flags) return open_as(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags, flags) return open_as(AT_FDCWD, name, flags, mode); }
int openat(int directory, const char *name, int flags, ...) {
  MODE(flags, flags) return open_as(directory, name, flags, mode);
}
int openat64(int directory, const char *name, int flags, ...) {
  MODE(flags, flags) return open_as(directory, name, flags, mode);
}
int creat(const char *name, mode_t mode) {
  return open_as(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, mode);
}

// The C library makes these files by itself.
static int made(int descriptor) {
  char path[PATH_MAX];
  if (descriptor < 0 || !of_descriptor(descriptor, path)) return descriptor;
  enum verdict verdict = begin(true);
  int result = verdict == FAIL ? -1 : descriptor;
  if (verdict == FAIL) {
    int error = errno;
    syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    close(descriptor);
    errno = error;
  }
  end("create", path, 0, 0, result);
  return result;
}

int mkostemps(char *name, int suffix, int flags) { return made(REAL(mkostemps)(name, suffix, flags)); }
int mkostemps64(char *name, int suffix, int flags) { return mkostemps(name, suffix, flags); }
int mkstemps(char *name, int suffix) { return mkostemps(name, suffix, 0); }
int mkstemps64(char *name, int suffix) { return mkostemps(name, suffix, 0); }
int mkostemp(char *name, int flags) { return mkostemps(name, 0, flags); }
int mkostemp64(char *name, int flags) { return mkostemps(name, 0, flags); }
int mkstemp(char *name) { return mkostemps(name, 0, 0); }
int mkstemp64(char *name) { return mkostemps(name, 0, 0); }
