import Foundation
import SegmentCompiler
import SegmentStore

/// A mail as it goes out (RFC 5322): ASCII, with CRLF at the end of each line.
public struct Letter: Sendable, Equatable {
  public var from: String
  public var recipients: [String]
  public var text: String

  /// - Parameters:
  ///   - subject: any text; what is not plain ASCII is encoded, and line breaks are none.
  ///   - body: any text.
  ///   - id: what no other letter has, and the same letter keeps.
  public init(
    from: String, recipients: [String], subject: String, body: String, id: String, date: Instant
  ) {
    self.from = from
    self.recipients = recipients
    let domain = from.split(separator: "@").last.map(String.init) ?? "muster.invalid"
    let headers = [
      "From: Muster <\(from)>",
      "To: \(recipients.joined(separator: ",\r\n "))",
      "Subject: \(Letter.encoded(subject))",
      "Date: \(Letter.text(of: date))",
      "Message-ID: <\(id)@\(domain)>",
      // Nobody's absence is to answer it.
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: base64",
    ]
    let encoded = Data(body.utf8).base64EncodedString(
      options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed])
    text = headers.joined(separator: "\r\n") + "\r\n\r\n" + encoded + "\r\n"
  }

  /// As RFC 2047 has it: words that fit on a line behind `Subject: `, none of which ends within a character.
  static func encoded(_ text: String) -> String {
    let isPlain =
      text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
      && text.utf8.count <= 60
    if isPlain { return text }
    var words: [[UInt8]] = [[]]
    for character in text.unicodeScalars {
      let bytes = Array(String(character).utf8)
      // 39 bytes are 52 characters of base64, 12 go around them, and 9 before: a line has at most 76.
      if words[words.count - 1].count + bytes.count > 39 { words.append([]) }
      words[words.count - 1] += bytes
    }
    return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }
      .joined(separator: "\r\n ")
  }

  /// `Tue, 31 Mar 2026 06:00:00 +0000`.
  private static func text(of date: Instant) -> String {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss Z"
    return formatter.string(from: Date(timeIntervalSince1970: Double(date.microseconds) / 1e6))
  }
}

extension Letter {
  /// What failed, and where to look.
  init(_ mail: DueMail, of workspace: String, by settings: MailSettings, id: String, date: Instant)
  {
    let lists: [(title: String, MessageType)] = [
      ("Not loaded:", .loadFailed), ("Failed:", .segmentFailed), ("Skipped:", .segmentSkipped),
      ("Refreshed:", .segmentRefreshed), ("Activated:", .segmentActivated),
      ("Deactivated:", .segmentDeactivated), ("Deleted:", .segmentDeleted),
    ]
    var body =
      mail.job.map { "Job \($0) of \(workspace.printable):\n" } ?? "\(workspace.printable):\n"
    for (title, type) in lists {
      let items = mail.items.filter { $0.type == type }
      guard !items.isEmpty else { continue }
      body += "\n\(title)\n"
      for item in items {
        body += "- \(item.name.printable)\(item.cause.map { ": \($0.printable)" } ?? "")\n"
      }
    }
    body +=
      "\n" + (mail.job.map { "'muster jobs \($0)' says more." } ?? "'muster list' says more.")
      + "\n"
    let failed = mail.items.count { MailSettings.standardTypes.contains($0.type) }
    let what =
      mail.items.count == 1
      ? "\(mail.items[0].name.printable) \(mail.items[0].type.verb)"
      : failed > 0 ? "\(failed) failed or were skipped" : "\(mail.items.count) changes"
    self.init(
      from: settings.from, recipients: settings.recipients,
      subject: "\(workspace.printable): \(what)", body: body, id: id, date: date)
  }
}

extension MessageType {
  fileprivate var verb: String {
    switch self {
    case .segmentRefreshed: "was refreshed"
    case .segmentActivated: "was activated"
    case .segmentDeactivated: "was deactivated"
    case .segmentDeleted: "was deleted"
    case .segmentFailed: "failed"
    case .segmentSkipped: "was skipped"
    case .loadFailed: "was not loaded"
    case .webhookTest: "was tried out"
    }
  }
}
