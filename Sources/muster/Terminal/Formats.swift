import Foundation
import SegmentCompiler

/// An instant for people: `2024-03-01 10:30:00`, in a time zone.
func timeText(microseconds: Int64, in timeZone: TimeZone) -> String {
  let date = Date(timeIntervalSince1970: Double(microseconds.floorDivided(by: 1_000_000)))
  var style = Date.ISO8601FormatStyle(dateTimeSeparator: .space, timeZone: timeZone)
  style = style.year().month().day().time(includingFractionalSeconds: false)
  return date.formatted(style)
}

/// How long something took: `0.4 s`, `12 s`, `3 min 5 s`.
func durationText(microseconds: Int64) -> String {
  let seconds = Double(microseconds) / 1_000_000
  if seconds < 10 { return String(format: "%.1f s", seconds) }
  let whole = Int(seconds.rounded())
  return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
}

/// How much space something takes: `512 B`, `31 KB`, `1.2 GB`.
func bytesText(_ bytes: Int) -> String {
  var size = Double(bytes)
  var units = ["B", "KB", "MB", "GB", "TB"][...]
  while size >= 999.5, units.count > 1 {
    size /= 1000
    units.removeFirst()
  }
  let isWhole = units.first == "B" || size >= 9.95
  return String(format: isWhole ? "%.0f" : "%.1f", size) + " " + units.first!
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }
}
