import ArgumentParser
import SegmentCompiler
import SegmentService
import SegmentStore

extension WebhooksCommand {
  struct Deliveries: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "deliveries",
      abstract: "Show what was and will be sent, also while 'muster serve' runs.")

    @OptionGroup var options: WorkspaceOptions
    @OptionGroup var output: JSONOption

    @Argument(help: "The webhook.")
    var name: String

    @Option(name: .customLong("state"), help: "Only those: pending, delivered, dead.")
    var states: [DeliveryState] = []

    @Option(help: "How many to show.")
    var limit = 20

    func run() throws {
      let deliveries = try SegmentService.deliveries(
        toWebhook: name, states: Set(states), limit: limit, in: options.folder())
      if output.json { return try Terminal.printJSON(deliveries.map(DeliveryJSON.init)) }
      var table = TextTable(
        .right("Delivery"), .left("Happened"), .left("Message"), .left("State"),
        .right("Attempts"), .left("Last answer"))
      for delivery in deliveries {
        table.add(
          "\(delivery.id)", Instant(microseconds: delivery.time).description,
          delivery.type.rawValue, delivery.state.rawValue, "\(delivery.attempts)",
          delivery.status.map { "\($0)" } ?? delivery.problem ?? "–")
      }
      Terminal.print(deliveries.isEmpty ? "There are none." : "\(table)")
    }
  }

  struct Redeliver: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "redeliver",
      abstract: "Send again what was given up, or one delivery whatever came of it.")

    @OptionGroup var options: WorkspaceOptions

    @Argument(help: "The webhook.")
    var name: String

    @Argument(help: "One delivery; see muster webhooks deliveries.")
    var delivery: Int64?

    @Option(help: "All that was given up of what happened since then.")
    var since: String?

    func validate() throws {
      guard (delivery == nil) != (since == nil) else {
        throw ValidationError("Give the number of a delivery, or --since.")
      }
    }

    func run() throws {
      let service = try options.open(for: "webhooks redeliver")
      if let delivery {
        _ = try service.redeliver(delivery, toWebhook: name)
        Terminal.print("Delivery \(delivery) is sent again by 'muster serve'.")
      } else if let since {
        let zone = Zone(service.definition.timeZone) ?? .utc
        let count = try service.redeliverDead(
          toWebhook: name, since: try Muster.instant(since, of: "--since", in: zone))
        Terminal.print("\(count) are sent again by 'muster serve'.")
      }
    }
  }
}

extension DeliveryState: ExpressibleByArgument {}
