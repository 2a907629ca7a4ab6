import ArgumentParser
@preconcurrency import Dispatch
import Foundation
import SegmentCompiler
import SegmentNotifications
import SegmentServer
import SegmentService
import SegmentStore

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Answer requests and refresh by the schedule until you stop it.",
    discussion: """
      Answers requests to its HTTP API, whose description is at /api/v1/openapi.json. Works on jobs that are \
      unfinished, refreshes when 'muster schedule' says so, and makes planned \
      changes when their time has come. The first start makes the account 'admin' and prints a secret to choose \
      its password with. It owns the workspace meanwhile: 'muster jobs' can look on, 'muster api' and \
      'muster backup' ask it, other commands have to wait. SIGTERM and SIGINT end it, a second one at once; what it was working on goes \
      on at the next start. It ends with a failure where only a new start helps: let a supervisor see to that.
      """)

  @OptionGroup var options: WorkspaceOptions

  @Option(
    help:
      "The address to listen at: one of this machine's own (127.0.0.1), unless a proxy is before it."
  )
  var host: String?

  @Option(help: "The port to listen at (8080); 0 for any that is free.")
  var port: Int?

  @Option(help: "How it logs: text for people, json also tells of each request.")
  var log: LogFormat?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "All requests come from a proxy that speaks HTTPS.",
      discussion:
        "It must set X-Forwarded-For, which is believed, and nobody else must reach this port."))
  var behindProxy: Bool?

  @Flag(
    help: ArgumentHelp(
      "Let anybody at this machine in without a password, to an account that is marked as a demonstration.",
      discussion: "Not for data that others must not see. Without it that account cannot be used."))
  var demo = false

  func validate() throws {
    guard (0...65535).contains(port ?? 0) else {
      throw ValidationError("--port must be from 0 to 65535, not \(port ?? 0).")
    }
  }

  func run() async throws {
    let wanted = try Installation.server(
      options.settingValues(), in: options.folder(),
      Installation.Options(
        host: host, port: port, isBehindProxy: behindProxy, logFormat: log, isDemo: demo))
    let service = try options.open(for: "serve") {
      $0.allowsDemo = demo
      $0.isServed = true
    }
    let log = ServiceLog(service)
    let events = EventLog()
    service.observeSegments { events.note($0) }
    let runner = JobRunner(
      service,
      note: { note in
        log.write(note)
        events.note(note)
      })
    let scheduler = Scheduler(service, runner: runner, note: { log.write($0) })
    let settings = listeningToCommands(wanted, of: service.folder, log)
    let mail = try Installation.mail(options.settingValues())
    try service.tellByMail(mail)
    let letters = mail.map { settings in
      MailSender(
        service, settings: settings, send: MailClient(settings).send, note: { log.write($0) })
    }
    let client = WebhookClient(rules: service.webhookRules)
    let sender = WebhookSender(service, send: client.send, note: { log.write($0) })
    let address = settings.host == "::1" ? "[::1]" : settings.host
    let server = Server(service, runner: runner, events: events, settings: settings) { port in
      log.write(
        "Serving \(service.definition.name.printable) at http://\(address):\(port)/api/v1."
      )
    }
    if let warning = try service.activeSegments().warning { log.write(warning) }
    if demo {
      let account = try service.identity.ensureDemo()
      log.write(
        "This is a demonstration: anybody at this machine may enter as '\(account.name)', without a password."
      )
    }
    if let secret = try service.identity.ensureAdministrator() {
      log.write("No administrator has a password yet. \(secret.message)")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await scheduler.run() }
      group.addTask { await sender.run() }
      group.addTask { await letters?.run() }
      group.addTask {
        var isStopping = false
        for await signal in endingSignals() {
          if isStopping {
            log.write("Received \(signal) again: ending at once.")
            // Whatever is being written means nothing before it is committed to.
            _exit(130)
          }
          isStopping = true
          log.write("Received \(signal): stopping.")
          await server.stop()
          await runner.stop()
        }
      }
      group.addTask {
        do {
          try await server.run()
        } catch {
          await runner.stop()
          throw ServerError(address: "\(address):\(settings.port)", cause: "\(error)")
        }
      }
      try await runner.run()
      await server.stop()
      group.cancelAll()
      try await group.waitForAll()
    }
    log.write("Stopped.")
  }
}

/// The same with a socket for commands at the machine, where its path fits.
private func listeningToCommands(
  _ settings: ServerSettings, of folder: WorkspaceFolder, _ log: ServiceLog
) -> ServerSettings {
  // In bytes, as the system has it.
  let longest = 103
  guard folder.socket.path.utf8.count <= longest else {
    log.write(
      "The path \(folder.socket.path.printable) is too long for a socket: commands cannot ask this server."
    )
    return settings
  }
  var settings = settings
  settings.socket = folder.socket.path
  return settings
}

private struct ServerError: Error, CustomStringConvertible {
  var address: String
  var cause: String

  var description: String { "The server cannot listen at \(address): \(cause)" }
}

/// SIGTERM and SIGINT as they come.
private func endingSignals() -> AsyncStream<String> {
  AsyncStream { continuation in
    let sources = [(SIGTERM, "SIGTERM"), (SIGINT, "SIGINT")].map { number, name in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(name) }
      source.resume()
      return source
    }
    continuation.onTermination = { _ in
      for source in sources { source.cancel() }
    }
  }
}

/// What happens, a line each on the error stream, with the time.
private struct ServiceLog: Sendable {
  private let service: SegmentService

  init(_ service: SegmentService) { self.service = service }

  func write(_ text: String) {
    Terminal.printError("\(Instant(Date())) \(text)")
  }

  func write(_ note: JobNote) {
    switch note {
    case .changed, .progress, .loading: break
    case .submitted(let job):
      write("Job \(job.id) (\(job.trigger.rawValue)): \(job.tasks.count.counted("task")).")
    case .published(let job, let runs):
      for run in runs {
        write("Job \(job): \(run.segment.printable): \(resultText(run))")
      }
    case .finished(let job): write("Job \(job) is done.")
    case .trouble(let job, let error): write("Job \(job): \("\(error)".printable)")
    }
  }

  func write(_ note: MailNote) {
    switch note {
    case .failed(let error, let isLast):
      let end = isLast ? "given up" : "it will be sent again"
      write("Mail: a letter was not taken: \("\(error)".printable); \(end).")
    case .trouble(let error): write("Mail: \("\(error)".printable)")
    }
  }

  func write(_ note: WebhookNote) {
    switch note {
    case .failed(let due, let problem, let isLast):
      let end = isLast ? "given up" : "it will be sent again"
      write(
        "Webhook \(due.webhook.name): \(due.delivery.message) was not delivered (\(problem)); \(end)."
      )
    case .disabled(let webhook, let reason):
      write("Webhook \(webhook.name) is disabled: \(reason)")
    case .trouble(let error): write("Webhooks: \("\(error)".printable)")
    }
  }

  func write(_ note: SchedulerNote) {
    switch note {
    case .changed(let segments):
      for segment in segments {
        switch segment.outcome {
        case .success(let record):
          write(
            record.state == .draft
              ? "\(record.name.printable) stays a draft: its definition is not valid, so that what was planned could not be done."
              : "\(record.name.printable) is \(record.state.rawValue), as planned.")
        case .failure(let error): write("\(segment.segment.printable): \(error)")
        }
      }
    case .deactivatedUnused(let segments):
      for segment in segments {
        switch segment.outcome {
        case .success(let record):
          write("\(record.name.printable) is inactive: nobody has used it for long.")
        case .failure(let error): write("\(segment.segment.printable): \(error)")
        }
      }
    case .nearLimit(let warning): write(warning)
    // As every job that is submitted.
    case .submitted: break
    case .trouble(let error): write("Schedule: \("\(error)".printable)")
    }
  }
}

/// `12 members, 2 entered, 1 exited`, or why there are none.
private func resultText(_ run: RunRecord) -> String {
  switch run.outcome {
  case .succeeded(let result):
    "\(result.count) members, \(result.entered) entered, \(result.exited) exited"
  case .failed(let cause): "failed: \(cause.printable)"
  case .skipped(let cause): "skipped: \(cause.printable)"
  }
}
