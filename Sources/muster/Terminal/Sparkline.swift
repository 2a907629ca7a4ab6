/// A trend in one line of text: `▁▂▅█▇`, from the lowest value to the highest.
struct Sparkline: Sendable, CustomStringConvertible {
  var values: [Int]

  init(_ values: [Int]) { self.values = values }

  var description: String {
    guard let low = values.min(), let high = values.max() else { return "" }
    return String(values.map { Self.bar($0, low: low, high: high) })
  }

  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  private static func bar(_ value: Int, low: Int, high: Int) -> Character {
    guard high > low else { return bars[3] }
    let share = Double(value - low) / Double(high - low)
    return bars[Int((share * Double(bars.count - 1)).rounded())]
  }
}
