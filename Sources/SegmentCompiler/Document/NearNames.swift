/// Finds the names that somebody may have meant.
public enum NearNames {
  /// "Did you mean …?" with at most three names that are close, or nil.
  public static func hint(_ name: String, among known: [String]) -> String? {
    let near = nearest(to: name, among: known)
    guard !near.isEmpty else { return nil }
    return "Did you mean \(near.map { "'\($0)'" }.joined(separator: " or "))?"
  }

  static func nearest(to name: String, among known: [String]) -> [String] {
    let wanted = Array(name.lowercased().unicodeScalars.prefix(100))
    let allowed = max(1, wanted.count / 3)
    let ranked: [(name: String, distance: Int)] = known.prefix(5_000).compactMap { candidate in
      let letters = Array(candidate.lowercased().unicodeScalars.prefix(100))
      let distance = editDistance(wanted, letters)
      return distance <= allowed ? (candidate, distance) : nil
    }
    return ranked.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(3).map(\.name)
  }

  /// Levenshtein's distance.
  private static func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let substituted = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
