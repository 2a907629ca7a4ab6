import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct APIKeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "api-keys", abstract: "Manage the keys of programs that call 'muster serve'.",
    subcommands: [List.self, Create.self, Revoke.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the keys, also while 'muster serve' runs.")

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let keys = try SegmentService.apiKeys(in: options.folder())
      if output.json { return try Terminal.printJSON(keys.map(APIKeyJSON.init)) }
      var table = TextTable(
        .left("Key"), .left("For"), .left("Account"), .left("Scopes"), .left("Expires"),
        .left("Last used"))
      for (key, account) in keys {
        table.add(
          key.id, key.name, account.name, scopesText(key), dayText(key.expires),
          key.lastUsed.map(dayText) ?? "never")
      }
      Terminal.print(keys.isEmpty ? "There are no keys." : "\(table)")
    }
  }

  struct Create: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "create", abstract: "Make a key of an account; it is shown once.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "What the key is for.")
    var name: String

    @Option(help: "The account that the key belongs to; a key may what its account may, at most.")
    var user: String

    @Option(
      name: .customLong("scope"),
      help:
        "What it may: \(Scope.allCases.map(\.rawValue).joined(separator: ", ")). May be given several times."
    )
    var scopes: [Scope]

    @Option(help: "For how many days it can be used.")
    var days = 90

    func validate() throws {
      if !(1...366).contains(days) {
        throw ValidationError("--days must be from 1 to 366, not \(days).")
      }
    }

    func run() throws {
      let identity = try options.open(for: "api-keys create").identity
      let new = try identity.createAPIKey(
        name, of: try identity.account(user), scopes: Set(scopes),
        lifetime: Int64(days) * 86_400_000_000)
      Terminal.printError(
        "The key can be used until \(dayText(new.key.expires)). It is shown only now:")
      Terminal.print(new.text)
    }
  }

  struct Revoke: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "revoke", abstract: "Make a key useless, at once and for ever.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The key's id, see muster api-keys list.")
    var id: String

    func run() throws {
      let identity = try options.open(for: "api-keys revoke").identity
      try identity.revokeAPIKey(id)
      Terminal.print("\(id.printable) is revoked.")
    }
  }
}

extension Scope: ExpressibleByArgument {}

private func scopesText(_ key: APIKey) -> String {
  Scope.allCases.filter(key.scopes.contains).map(\.rawValue).joined(separator: " ")
}

/// `2026-03-31`, of UTC.
private func dayText(_ time: Int64) -> String {
  Zone.utc.localTime(at: Instant(microseconds: time)).date.description
}

private struct APIKeyJSON: Encodable {
  var id: String
  var name: String
  var account: String
  var scopes: [String]
  var created: String
  var expires: String
  var lastUsed: String?

  init(_ key: APIKey, _ account: Account) {
    id = key.id
    name = key.name
    self.account = account.name
    scopes = Scope.allCases.filter(key.scopes.contains).map(\.rawValue)
    created = Instant(microseconds: key.created).description
    expires = Instant(microseconds: key.expires).description
    lastUsed = key.lastUsed.map(dayText)
  }
}
