import SegmentCompiler
import SegmentStore

/// Sends letters about what failed, each at least once.
public struct MailSender: Sendable {
  private let service: SegmentService
  private let settings: MailSettings
  private let policy: WebhookPolicy
  private let send: @Sendable (Letter) async throws -> Void
  private let sleep: @Sendable (Int64) async throws -> Void
  private let note: @Sendable (MailNote) -> Void

  /// How often it looks what has become due, in microseconds.
  static let pause: Int64 = 5_000_000

  /// - Parameters:
  ///   - send: hands a letter over to a mail server, within a limit of time of its own.
  ///   - sleep: waits for so many microseconds.
  ///   - note: told what happens, for logs.
  public init(
    _ service: SegmentService, settings: MailSettings, policy: WebhookPolicy = WebhookPolicy(),
    send: @escaping @Sendable (Letter) async throws -> Void,
    sleep: @escaping @Sendable (Int64) async throws -> Void = {
      try await Task.sleep(for: .microseconds($0))
    },
    note: @escaping @Sendable (MailNote) -> Void = { _ in }
  ) {
    self.service = service
    self.settings = settings
    self.policy = policy
    self.send = send
    self.sleep = sleep
    self.note = note
  }

  /// Works until the task is cancelled.
  public func run() async {
    while !Task.isCancelled {
      await sendDue()
      try? await sleep(MailSender.pause)
    }
  }

  /// Sends what is due, one letter after the other.
  func sendDue() async {
    do {
      for mail in try service.store.dueMail(at: service.now().microseconds) {
        try await send(mail)
        if Task.isCancelled { return }
      }
    } catch {
      // The store; it looks again soon.
      note(.trouble(error))
    }
  }

  private func send(_ mail: DueMail) async throws {
    let letter = Letter(
      mail, of: service.definition.name, by: settings, id: mail.name, date: service.now())
    do {
      try await send(letter)
    } catch {
      if Task.isCancelled { return }
      let next = policy.nextAttempt(
        after: mail.attempts + 1, at: service.now().microseconds, wish: nil, jitter: 0)
      try service.store.noteFailure(ofMail: mail.id, nextAttempt: next)
      return note(.failed(error, isLast: next == nil))
    }
    try service.store.forgetMail(mail.id)
  }
}

/// What happens while letters are sent.
public enum MailNote: Sendable {
  /// - isLast: whether the letter is given up.
  case failed(any Error, isLast: Bool)
  /// The store; it is tried again.
  case trouble(any Error)
}

extension SegmentService {
  /// Tells by mail what the settings say from now on; nothing where there are none.
  public func tellByMail(_ settings: MailSettings?) throws {
    try store.setMailTypes(settings?.types ?? [])
  }
}
