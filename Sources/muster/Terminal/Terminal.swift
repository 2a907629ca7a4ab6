import Foundation
import Synchronization

/// The standard streams: results go to output, progress and errors to the error stream.
enum Terminal {
  static func print(_ text: String) { write(text + "\n", to: .standardOutput) }

  static func printError(_ text: String) { write(text + "\n", to: .standardError) }

  /// Writes without a line end.
  static func write(_ text: String, to handle: FileHandle) {
    // A reader that has left (`muster list | head -1`) ends the program quietly by SIGPIPE.
    try? handle.write(contentsOf: Data(text.utf8))
  }

  /// Whether somebody is there to answer.
  static var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

  /// Asks a question; anything but a yes is a no.
  static func confirm(_ question: String) -> Bool {
    write("\(question) [y/N] ", to: .standardError)
    return ["y", "yes"].contains(readLine()?.lowercased() ?? "")
  }

  static var showsProgress: Bool { isatty(STDERR_FILENO) == 1 }

  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
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
      Terminal.write("\r\u{1B}[K" + bar.line(width: Terminal.width), to: .standardError)
    }
  }

  /// Takes the line away.
  func clear() {
    drawn.withLock { drawn in
      if drawn.bar != nil { Terminal.write("\r\u{1B}[K", to: .standardError) }
      drawn = (nil, nil)
    }
  }
}
