import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Keys of programs: everybody's own, and those of all for administrators.
struct APIKeyHandlers: Sendable {
  let identity: Identity

  func list(_ request: APIRequest) throws -> Response { try answer(own(request)) }

  func create(_ request: APIRequest) throws -> Response {
    let (name, scopes, days) = try request.decode {
      reader, document -> (String, Set<Scope>, Int)? in
      guard let fields = reader.mapping(document, at: "", known: ["name", "scopes", "days"])
      else { return nil }
      let name = reader.text(required: "name", in: fields, of: document)
      if fields["scopes"] == nil { reader.missing("scopes", at: "", in: document) }
      let items = fields["scopes"].flatMap { reader.list($0, at: "scopes") } ?? []
      let scopes = items.enumerated().compactMap { index, item in
        reader.word(item, at: "scopes[\(index)]", as: Scope.self)
      }
      let days =
        fields["days"].map { reader.wholeNumber($0, at: "days", in: 1...366) ?? 0 } ?? 90
      return name.map { ($0, Set(scopes), days) }
    }
    let new = try identity.createAPIKey(
      name, of: try own(request), scopes: scopes, lifetime: Int64(days) * 86_400_000_000)
    return .json(
      NewAPIKeyBody(key: APIKeyBody(new.key), secret: new.text), status: .created)
  }

  func revoke(_ request: APIRequest) throws -> Response {
    try identity.revokeAPIKey(try request.required("key"), of: try own(request))
    return .noContent
  }

  func listOf(_ request: APIRequest) throws -> Response {
    try answer(try identity.account(try request.required("account")))
  }

  func revokeOf(_ request: APIRequest) throws -> Response {
    let account = try identity.account(try request.required("account"))
    try identity.revokeAPIKey(try request.required("key"), of: account)
    return .noContent
  }

  private func own(_ request: APIRequest) throws -> Account {
    guard let account = request.caller.signedIn?.account else {
      throw Problem.unauthenticated("There is no session.")
    }
    return account
  }

  private func answer(_ account: Account) throws -> Response {
    .json(Items(items: try identity.apiKeys(of: account).map(APIKeyBody.init)))
  }
}

private struct APIKeyBody: Encodable {
  var key: String
  var name: String
  var scopes: [String]
  var created: String
  var expires: String
  var lastUsed: String?

  init(_ key: APIKey) {
    self.key = key.id
    name = key.name
    scopes = Scope.allCases.filter(key.scopes.contains).map(\.rawValue)
    created = time(key.created)
    expires = time(key.expires)
    lastUsed = key.lastUsed.map { String(time($0).prefix(10)) }
  }
}

private struct NewAPIKeyBody: Encodable {
  var key: APIKeyBody
  /// What a program sends; it is not kept.
  var secret: String
}
