import HTTPTypes
import Hummingbird
import OpenIDConnect
import SegmentCompiler
import SegmentService
import SegmentStore

/// Signing in by an OpenID provider: a browser is sent there, and comes back.
///
/// People see these answers in their browsers: what goes wrong is told by a page.
struct OpenIDHandlers: Sendable {
  let identity: Identity
  let settings: ServerSettings
  /// nil where there is no provider.
  let signIn: OpenIDSignIn?

  func start(_ request: APIRequest) async throws -> Response {
    let (signIn, returnTo) = (try configured(), request.text("returnTo") ?? "/")
    guard isOwnPath(returnTo) else {
      throw Problem(
        .badRequest, "foreignReturn", "returnTo is a path of this server, such as /segments.")
    }
    do {
      let (address, sealed) = try await signIn.begin(returnTo: returnTo)
      var response = Response(status: .seeOther, headers: [.location: address])
      response.setCookie(cookie(sealed, maxAge: OpenIDSignIn.seconds))
      return response
    } catch {
      return try failed(error, request)
    }
  }

  func finish(_ request: APIRequest) async throws -> Response {
    let signIn = try configured()
    var response: Response
    do {
      let origin = request.caller.origin
      let (started, returnTo) = try await identity.attempt(from: origin) {
        let begun = try signIn.take(
          request.cookies[cookieName]?.value, state: request.text("state"))
        if let error = request.text("error") { throw OpenIDError.refused(code: errorCode(error)) }
        guard let code = request.text("code") else { throw SignInFailure.noCode }
        let person = try await signIn.person(code: code, issuer: request.text("iss"), begun)
        return (
          try identity.signIn(person, by: signIn.settings.roles, from: origin), begun.returnTo
        )
      }
      response = SignInPage.goingOn(to: returnTo)
      response.setCookie(settings.sessionCookie(started.token.text))
    } catch {
      response = try failed(error, request)
    }
    response.setCookie(cookie("", maxAge: 0))
    return response
  }

  private func configured() throws -> OpenIDSignIn {
    guard let signIn else {
      throw Problem(.notFound, "noOpenIDConnect", "This server knows no OpenID provider.")
    }
    return signIn
  }

  /// - Throws: what is neither the provider's fault nor the person's.
  private func failed(_ error: any Error, _ request: APIRequest) throws -> Response {
    let problem: Problem
    switch error {
    case let failure as SignInFailure: problem = Problem(signIn: failure)
    case let error as OpenIDError:
      problem = Problem(openID: error)
      request.logger.warning(
        "Nobody was signed in by the OpenID provider",
        metadata: ["cause": "\("\(error)".printable)"])
    default:
      problem = Problem(error)
      if problem.status.kind == .serverError { throw error }
    }
    return SignInPage.failed(problem)
  }

  // MARK: The browser

  /// Sent when the provider sends the browser back, which is a navigation from another site: `Strict` would be too much.
  private func cookie(_ value: String, maxAge: Int) -> Cookie {
    Cookie(
      name: cookieName, value: value, maxAge: maxAge, path: "/", secure: settings.isBehindProxy,
      httpOnly: true, sameSite: .lax)
  }

  private var cookieName: String { settings.cookieName + "-sign-in" }

  /// Whether a browser stays here: `//host` and `/\host` would lead elsewhere.
  private func isOwnPath(_ path: String) -> Bool {
    path.hasPrefix("/") && !path.hasPrefix("//") && !path.contains("\\")
  }
}

extension Problem {
  fileprivate init(signIn failure: SignInFailure) {
    switch failure {
    case .notBegun:
      self.init(
        .badRequest, "notBegun",
        "No sign-in was begun in this browser, or more than \(OpenIDSignIn.seconds / 60) minutes ago."
      )
    case .otherState:
      self.init(
        .badRequest, "otherSignIn", "The provider's answer belongs to another sign-in.")
    case .used: self.init(.badRequest, "used", "This answer of the provider was used already.")
    case .noCode:
      self.init(.badGateway, "provider", "The provider has neither sent a code nor an error.")
    }
  }

  fileprivate init(openID error: OpenIDError) {
    switch error {
    case .notSecure, .provider: self.init(.badGateway, "provider", error.description)
    case .refused: self.init(.forbidden, "providerRefused", error.description)
    case .token: self.init(.forbidden, "token", error.description)
    }
  }
}
