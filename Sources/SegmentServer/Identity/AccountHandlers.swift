import Hummingbird
import SegmentCompiler
import SegmentService
import SegmentStore

/// Accounts, as administrators manage them.
struct AccountHandlers: Sendable {
  let identity: Identity

  func list(_ request: APIRequest) throws -> Response {
    .json(Items(items: try identity.accounts().map(AccountBody.init)))
  }

  func get(_ request: APIRequest) throws -> Response {
    .json(AccountBody(try identity.account(try request.required("account"))))
  }

  func create(_ request: APIRequest) throws -> Response {
    let (name, displayName, role) = try request.decode {
      reader, document -> (String, String?, Role)? in
      guard let fields = reader.mapping(document, at: "", known: ["name", "displayName", "role"])
      else { return nil }
      let name = reader.text(required: "name", in: fields, of: document)
      let displayName = fields["displayName"].flatMap { reader.text($0, at: "displayName") }
      if fields["role"] == nil { reader.missing("role", at: "", in: document) }
      let role = fields["role"].flatMap { reader.word($0, at: "role", as: Role.self) }
      guard let name, let role else { return nil }
      return (name, displayName, role)
    }
    let created = try identity.createAccount(name, displayName: displayName, role: role)
    return Response.json(
      CreatedAccountBody(
        account: AccountBody(created.account), secret: SecretBody(created.secret)),
      status: .created
    ).located("/accounts/\(created.account.name.asPathSegment)")
  }

  func change(_ request: APIRequest) throws -> Response {
    let changes = try request.decode { reader, document -> [AccountChange]? in
      guard let fields = reader.mapping(document, at: "", known: ["displayName", "role", "state"])
      else { return nil }
      var changes: [AccountChange] = []
      if let displayName = fields["displayName"] {
        changes.append(
          .displayName(
            displayName.value == .null ? nil : reader.text(displayName, at: "displayName")))
      }
      if let role = fields["role"].flatMap({ reader.word($0, at: "role", as: Role.self) }) {
        changes.append(.role(role))
      }
      if let state = fields["state"].flatMap({ reader.word($0, at: "state", as: AccountState.self) }
      ) {
        changes.append(.state(state))
      }
      return changes
    }
    return .json(
      AccountBody(try identity.changeAccount(try request.required("account"), changes)))
  }

  func delete(_ request: APIRequest) throws -> Response {
    try identity.deleteAccount(try request.required("account"))
    return .noContent
  }

  func renewSecret(_ request: APIRequest) throws -> Response {
    .json(
      SecretBody(try identity.renewSecret(of: try request.required("account"))), status: .created)
  }
}

struct AccountBody: Encodable {
  var name: String
  var displayName: String?
  var role: String
  var state: String
  var hasPassword: Bool
  var issuer: String?
  var isDemo: Bool
  var secretExpires: String?
  var created: String

  init(_ account: Account) {
    name = account.name
    displayName = account.displayName
    role = account.role.rawValue
    state = account.state.rawValue
    hasPassword = account.hasPassword
    issuer = account.issuer
    isDemo = account.isDemo
    secretExpires = account.secretExpires.map { time($0) }
    created = time(account.created)
  }
}

private struct SecretBody: Encodable {
  var secret: String
  var expires: String

  init(_ secret: OneTimeSecret) {
    self.secret = secret.text
    expires = secret.expires.description
  }
}

private struct CreatedAccountBody: Encodable {
  var account: AccountBody
  var secret: SecretBody
}

extension DocumentReader {
  /// A text that must be there.
  func text(required key: String, in fields: [String: Document], of document: Document) -> String? {
    guard let field = fields[key] else {
      missing(key, at: "", in: document)
      return nil
    }
    return text(field, at: key)
  }
}
