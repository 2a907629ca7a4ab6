import Foundation
import Synchronization

/// The standard streams: results go to output, progress and errors to the error stream.
///
/// What is printed for people cannot command the terminal, whatever data or names it holds. Members as CSV and
/// NDJSON are written as they are.
enum Terminal {
  static func print(_ text: String) { write(Array((text.printableLines + "\n").utf8)) }

  static func printError(_ text: String) { writeError(text.printableLines + "\n") }

  /// Prints JSON or YAML; characters that hide are escapes of the format.
  static func printDocument(_ text: String) { print(text.escapingHidden) }

  /// Writes results. Where they do not get through, as on a full disk, the program ends and says so; a reader
  /// that has left (`muster list | head -1`) ends it quietly by SIGPIPE.
  static func write(_ bytes: [UInt8]) {
    if let reason = write(bytes, to: STDOUT_FILENO) {
      printError("Error: The standard output cannot be written: \(reason)")
      exit(EXIT_FAILURE)
    }
  }

  /// Writes without a line end.
  static func writeError(_ text: String) { _ = write(Array(text.utf8), to: STDERR_FILENO) }

  /// Returns why it failed; nil where it did not.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> String? {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { writeSome($0, to: descriptor) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return String(cString: strerror(errno)) }
      rest = rest.dropFirst(written)
    }
    return nil
  }

  /// Whether somebody is there to answer.
  static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Asks a question; anything but a yes is a no.
  static func confirm(_ question: String) -> Bool {
    writeError("\(question.printableLines) [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }

  static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

/// The system's function, whose name ``Terminal`` has too.
private func writeSome(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
  write(descriptor, bytes.baseAddress, bytes.count)
}

/// Draws progress on the error stream of a terminal, at most ten times a second; nothing elsewhere.
final class ProgressDisplay: Sendable {
  private let drawn = Mutex<(bar: ProgressBar?, at: ContinuousClock.Instant?)>((nil, nil))

  func show(_ bar: ProgressBar) {
    guard Terminal.showsProgress else { return }
    drawn.withLock { drawn in
      let now = ContinuousClock.now
      guard bar != drawn.bar, drawn.at.map({ now - $0 > .milliseconds(100) }) ?? true else {
        return
      }
      drawn = (bar, now)
      Terminal.writeError("\r\u{1B}[K" + bar.line(width: Terminal.width))
    }
  }

  /// Takes the line away.
  func clear() {
    drawn.withLock { drawn in
      if drawn.bar != nil { Terminal.writeError("\r\u{1B}[K") }
      drawn = (nil, nil)
    }
  }
}
