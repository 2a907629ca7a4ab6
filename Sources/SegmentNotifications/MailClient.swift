import CCurl
import NIOPosix
import SegmentService

/// Hands letters over to a mail server.
///
/// libcurl speaks SMTP with it and waits, so that each letter has a thread of its own meanwhile.
public struct MailClient: Sendable {
  private let settings: MailSettings
  /// In seconds, with everything that belongs to it.
  private let limit: Int
  private let pool: NIOThreadPool

  public init(_ settings: MailSettings, limit: Int = 60) {
    self.settings = settings
    self.limit = limit
    pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
  }

  /// - Throws: ``MailError``.
  public func send(_ letter: Letter) async throws {
    try await pool.runIfActive { [settings, limit] in
      try Conversation(settings, limit: limit).send(letter)
    }
  }
}

/// Why a mail server did not take a letter, in the words of libcurl, which hold no secret.
public struct MailError: Error, CustomStringConvertible {
  public var description: String
}

/// One conversation with a mail server.
private final class Conversation {
  private let handle: UnsafeMutableRawPointer
  private let settings: MailSettings
  private var recipients: UnsafeMutablePointer<curl_slist>?
  /// Of the letter.
  private var rest: ArraySlice<UInt8> = []

  init(_ settings: MailSettings, limit: Int) throws {
    guard let handle = muster_curl_open(limit) else {
      throw MailError(description: "libcurl cannot be used.")
    }
    self.handle = handle
    self.settings = settings
  }

  deinit {
    curl_easy_cleanup(handle)
    curl_slist_free_all(recipients)
  }

  func send(_ letter: Letter) throws {
    let scheme = settings.security == .tls ? "smtps" : "smtp"
    let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    muster_curl_set_server(
      handle, "\(scheme)://\(host):\(settings.port)", settings.security == .none ? 0 : 1)
    if let user = settings.user {
      muster_curl_set_login(handle, user, settings.password ?? "")
    }
    for recipient in letter.recipients {
      recipients = curl_slist_append(recipients, "<\(recipient)>")
    }
    muster_curl_set_envelope(handle, "<\(letter.from)>", recipients)
    rest = Array(letter.text.utf8)[...]
    let context = Unmanaged.passUnretained(self).toOpaque()
    muster_curl_set_reader(
      handle,
      { buffer, size, count, context in
        guard let buffer, let context else { return 0 }
        return Unmanaged<Conversation>.fromOpaque(context).takeUnretainedValue()
          .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size * count))
      }, context)
    let code = curl_easy_perform(handle)
    guard code == CURLE_OK else {
      let status = muster_curl_status(handle)
      throw MailError(
        description: "\(settings.host): \(String(cString: curl_easy_strerror(code)))"
          + (status > 0 ? " (it answered \(status))" : ""))
    }
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let part = rest.prefix(buffer.count)
    buffer.copyBytes(from: part)
    rest = rest.dropFirst(part.count)
    return part.count
  }
}
