import HTTPTypes
import Hummingbird

/// Adds to every answer what OWASP's list of secure headers asks for, unless the answer says otherwise.
struct SecurityHeaders: RouterMiddleware {
  let settings: ServerSettings

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    for (name, value) in SecurityHeaders.all where response.headers[name] == nil {
      response.headers[name] = value
    }
    if settings.isBehindProxy {
      response.headers[.strictTransportSecurity] = "max-age=63072000; includeSubDomains"
    }
    return response
  }

  /// Answers of the API are no pages: a browser that is shown one loads and runs nothing.
  private static let all: [(HTTPField.Name, String)] = [
    (
      .contentSecurityPolicy,
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    (.xContentTypeOptions, "nosniff"),
    (HTTPField.Name("X-Frame-Options")!, "DENY"),
    (HTTPField.Name("Referrer-Policy")!, "no-referrer"),
    (HTTPField.Name("Cross-Origin-Opener-Policy")!, "same-origin"),
    (HTTPField.Name("Cross-Origin-Embedder-Policy")!, "require-corp"),
    (HTTPField.Name("Cross-Origin-Resource-Policy")!, "same-origin"),
    (
      HTTPField.Name("Permissions-Policy")!,
      "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), screen-wake-lock=(), usb=(), web-share=(), xr-spatial-tracking=()"
    ),
    (HTTPField.Name("X-Permitted-Cross-Domain-Policies")!, "none"),
    (.cacheControl, "no-store"),
  ]
}
