import SegmentService
import SegmentStore

extension Installation {
  private static let loopback: Set<String> = ["127.0.0.1", "::1", "localhost"]

  /// How what failed is told by mail; nil where no mail server is set.
  ///
  /// - Throws: `Diagnostics` with every problem.
  static func mail(_ values: SettingValues) throws -> MailSettings? {
    let host = values.text(.mailHost)
    let port = values.number(.mailPort)
    let security = values.word(.mailSecurity, as: MailSettings.Security.self) ?? .starttls
    let from = values.text(.mailFrom)
    let recipients = values.texts(.mailTo) ?? []
    let types = types(values)
    for address in recipients where !MailSettings.isAddress(address) {
      values.note("'\(address)' is no mail address.", of: .mailTo)
    }
    if let from, !MailSettings.isAddress(from) {
      values.note("'\(from)' is no mail address.", of: .mailFrom)
    }
    if let host {
      if !host.utf8.allSatisfy(isOfHost) { values.note("'\(host)' is no host.", of: .mailHost) }
      if from == nil || recipients.isEmpty {
        values.note("Letters need 'mail.from' and 'mail.to'.", of: .mailHost)
      }
      if security == .none, values.text(.mailPassword) != nil, !loopback.contains(host) {
        values.note("The password would be readable on the way to \(host).", of: .mailSecurity)
      }
    }
    try values.check()
    guard let host, let from else { return nil }
    return MailSettings(
      host: host, port: port, security: security, user: values.text(.mailUser),
      password: values.text(.mailPassword), from: from, recipients: recipients, types: types)
  }

  private static func types(_ values: SettingValues) -> Set<MessageType> {
    guard let words = values.texts(.mailTypes) else { return MailSettings.standardTypes }
    let known = MessageType.subscribable.map(\.rawValue)
    for word in words where !known.contains(word) {
      values.note("'\(word)' is none of \(known.joined(separator: ", ")).", of: .mailTypes)
    }
    return Set(words.compactMap(MessageType.init(rawValue:)))
  }

  private static func isOfHost(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A: true
    default: false
    }
  }
}
