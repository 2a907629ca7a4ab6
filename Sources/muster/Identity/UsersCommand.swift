import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct UsersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "users",
    abstract: "Manage who may sign in to 'muster serve'.",
    discussion: """
      Whoever works at this machine needs no account. While 'muster serve' runs, accounts are managed there; \
      the list can be seen all the same.
      """,
    subcommands: [
      List.self, Add.self, ChangeRole.self, Disable.self, Enable.self, Delete.self, Secret.self,
    ], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the accounts, also while 'muster serve' runs.")

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let accounts = try SegmentService.accounts(in: options.folder())
      if output.json { return try Terminal.printJSON(accounts.map(AccountJSON.init)) }
      var table = TextTable(
        .left("Name"), .left("Displayed as"), .left("Role"), .left("State"), .left("Signs in by"))
      for account in accounts {
        table.add(
          account.name, account.displayName ?? "", account.role.rawValue, account.state.rawValue,
          account.proofText)
      }
      Terminal.print(
        accounts.isEmpty
          ? "There are no accounts yet. 'muster serve' makes an administrator." : "\(table)")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Add an account, with a one-time secret to choose a password.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "Its name, such as ann or ann@example.com.")
    var name: String

    @Option(help: "viewer, contributor or administrator.")
    var role: Role

    @Option(help: "The name that others see.")
    var displayName: String?

    func run() throws {
      let identity = try options.open(for: "users add").identity
      let created = try identity.createAccount(name, displayName: displayName, role: role)
      Terminal.print("\(created.account.name) is a \(role.rawValue).\n\(created.secret.message)")
    }
  }

  struct ChangeRole: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "role",
      abstract: "Make an account a viewer, contributor or administrator.",
      discussion: "Its sessions end.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The account's name.")
    var name: String

    @Argument(help: "viewer, contributor or administrator.")
    var role: Role

    func run() throws { try change(name, .role(role), options, for: "users role") }
  }

  struct Disable: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "disable", abstract: "Keep an account from signing in and its keys from working."
    )

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The account's name.")
    var name: String

    func run() throws { try change(name, .state(.disabled), options, for: "users disable") }
  }

  struct Enable: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "enable", abstract: "Let a disabled account in again.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The account's name.")
    var name: String

    func run() throws { try change(name, .state(.active), options, for: "users enable") }
  }

  struct Delete: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "delete", abstract: "Delete an account with its keys; what it has done stays.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The account's name.")
    var name: String

    func run() throws {
      try options.open(for: "users delete").identity.deleteAccount(name)
      Terminal.print("\(name.printable) is deleted.")
    }
  }

  struct Secret: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "secret",
      abstract: "Give an account a one-time secret to choose another password.",
      discussion: "The old password works until then.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The account's name.")
    var name: String

    func run() throws {
      let secret = try options.open(for: "users secret").identity.renewSecret(of: name)
      Terminal.print(secret.message)
    }
  }
}

private func change(
  _ name: String, _ change: AccountChange, _ options: WorkspaceOptions, for verb: String
) throws {
  let account = try options.open(for: verb).identity.changeAccount(name, [change])
  Terminal.print("\(account.name) is a \(account.role.rawValue), \(account.state.rawValue).")
}

extension OneTimeSecret {
  /// For whoever gets it.
  var message: String {
    "\(account) can choose a password once, until \(expires), with the secret \(text)"
  }
}

extension Role: ExpressibleByArgument {}

extension Account {
  fileprivate var proofText: String {
    [
      hasPassword ? "password" : nil, secretExpires == nil ? nil : "one-time secret", issuer,
      isDemo ? "demonstration" : nil,
    ].compactMap { $0 }.joined(separator: ", ")
  }
}

private struct AccountJSON: Encodable {
  var name: String
  var displayName: String?
  var role: Role
  var state: AccountState
  var hasPassword: Bool
  var issuer: String?
  var isDemo: Bool
  var created: String

  init(_ account: Account) {
    name = account.name
    displayName = account.displayName
    role = account.role
    state = account.state
    hasPassword = account.hasPassword
    issuer = account.issuer
    isDemo = account.isDemo
    created = Instant(microseconds: account.created).description
  }
}
