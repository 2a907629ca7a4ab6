import HTTPTypes
import Hummingbird
import NIOCore

/// What a browser shows when it comes back from a provider: no scripts and no styles, so that the policy for answers of the
/// API holds for it.
enum SignInPage {
  /// Leads on by itself. A redirect would still be the other site's navigation, on which the browser sends no `Strict`
  /// cookie; what a page of ours leads to is our own.
  static func goingOn(to path: String) -> Response {
    page(
      .ok, title: "Signed in",
      head: #"<meta http-equiv="refresh" content="0; url=\#(escaped(path))">"#,
      body: #"<p>You are signed in. <a href="\#(escaped(path))">Go on</a></p>"#)
  }

  static func failed(_ problem: Problem) -> Response {
    var response = page(
      problem.status, title: "Not signed in", head: "",
      body: """
        <h1>You are not signed in</h1>
        <p>\(escaped(problem.detail)) <code>\(escaped(problem.code))</code></p>
        <p><a href="\(Contract.basePath)/session/openid-connect">Try again</a> · <a href="/">Start page</a></p>
        """)
    response.headers.append(contentsOf: problem.headers)
    return response
  }

  private static func page(
    _ status: HTTPResponse.Status, title: String, head: String, body: String
  ) -> Response {
    Response(
      status: status, headers: [.contentType: "text/html; charset=utf-8"],
      body: ResponseBody(
        byteBuffer: ByteBuffer(
          string: """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(title) – Muster</title>\(head)</head>
            <body>
            \(body)
            </body>
            </html>

            """)))
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }
}
