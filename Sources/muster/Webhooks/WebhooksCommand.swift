import ArgumentParser
import Foundation
import SegmentCompiler
import SegmentService
import SegmentStore

struct WebhooksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks",
    abstract: "Manage the URLs that 'muster serve' tells what happens.",
    discussion: """
      Messages are signed as Standard Webhooks has it, and sent while 'muster serve' runs: at least once each, in no \
      certain order. What happens meanwhile is kept. See docs/NOTIFICATIONS.md.
      """,
    subcommands: [
      List.self, Add.self, Edit.self, Remove.self, Secret.self, Deliveries.self, Redeliver.self,
    ], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the webhooks, also while 'muster serve' runs.")

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var output: JSONOption

    func run() throws {
      let webhooks = try SegmentService.webhooks(in: options.folder())
      if output.json { return try Terminal.printJSON(webhooks.map(\.json)) }
      var table = TextTable(
        .left("Webhook"), .left("State"), .left("URL"), .left("Messages"), .left("Of"))
      for (webhook, segments, _) in webhooks {
        let filters = segments.map(\.printable) + webhook.tags.sorted().map { "#\($0.printable)" }
        table.add(
          webhook.name, webhook.reason ?? webhook.state.rawValue, webhook.url,
          typesText(webhook.types),
          filters.isEmpty ? "all segments" : filters.joined(separator: " "))
      }
      Terminal.print(webhooks.isEmpty ? "There are no webhooks." : "\(table)")
    }
  }

  /// Which messages.
  struct Filter: ParsableArguments {
    @Option(
      name: .customLong("type"),
      help:
        "What it is told: \(MessageType.subscribable.map(\.rawValue).joined(separator: ", ")). May be given several times."
    )
    var types: [MessageType] = []

    @Option(name: .customLong("segment"), help: "Only of this segment; may be given several times.")
    var segments: [String] = []

    @Option(
      name: .customLong("tag"), help: "Only of segments with a tag; may be given several times.")
    var tags: [String] = []
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "add", abstract: "Tell a URL what happens; its secret is shown once.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "What it is called here.")
    var name: String

    @Argument(help: "Where it is: https://…")
    var url: String

    @OptionGroup var filter: Filter

    func run() throws {
      let new = try options.open(for: "webhooks add").createWebhook(
        WebhookDraft(
          name: name, url: url, types: Set(filter.types), segments: filter.segments,
          tags: Set(filter.tags)))
      printSecret(new)
    }
  }

  struct Edit: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "edit", abstract: "Change where messages are sent, and which.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The webhook.")
    var name: String

    @Option(help: "Where it is from now on.")
    var url: String?

    @OptionGroup var filter: Filter

    @Flag(help: "Of all segments, whatever was set before.")
    var allSegments = false

    @Option(help: "active or disabled: what waits for a disabled one is given up.")
    var state: WebhookState?

    func validate() throws {
      if allSegments, !(filter.segments.isEmpty && filter.tags.isEmpty) {
        throw ValidationError("--all-segments does not go with --segment and --tag.")
      }
    }

    func run() throws {
      var changes: [WebhookChange] = []
      if let url { changes.append(.url(url)) }
      if !filter.types.isEmpty { changes.append(.types(Set(filter.types))) }
      if allSegments || !filter.segments.isEmpty { changes.append(.segments(filter.segments)) }
      if allSegments || !filter.tags.isEmpty { changes.append(.tags(Set(filter.tags))) }
      if let state { changes.append(.state(state)) }
      guard !changes.isEmpty else { throw ValidationError("Nothing is to be changed.") }
      let webhook = try options.open(for: "webhooks edit").changeWebhook(name, changes)
      Terminal.print("\(webhook.name) is \(webhook.state.rawValue): \(webhook.url)")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove",
      abstract: "Delete a webhook with all that was, or was to be, sent to it.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The webhook.")
    var name: String

    func run() throws {
      try options.open(for: "webhooks remove").deleteWebhook(name)
      Terminal.print("\(name.printable) is deleted.")
    }
  }

  struct Secret: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "secret",
      abstract: "Sign with a new secret; with the old one, too, for a day.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The webhook.")
    var name: String

    @Flag(help: "No new one; the old one is not used any more.")
    var removeOld = false

    func run() throws {
      let service = try options.open(for: "webhooks secret")
      if removeOld {
        try service.removeOldSecret(ofWebhook: name)
        Terminal.print("Messages to \(name.printable) are signed with one secret.")
      } else {
        printSecret(try service.rotateSecret(ofWebhook: name))
      }
    }
  }
}

extension MessageType: ExpressibleByArgument {}
extension WebhookState: ExpressibleByArgument {}

private func printSecret(_ new: NewWebhookSecret) {
  Terminal.printError(
    "Messages to \(new.webhook.name) are signed with this secret. It is shown only now:")
  Terminal.print(new.text)
}

private func typesText(_ types: Set<MessageType>) -> String {
  types.count == MessageType.subscribable.count
    ? "all" : MessageType.allCases.filter(types.contains).map(\.rawValue).joined(separator: " ")
}
