/// Finds what two lists have in common, in order.
///
/// By patience: elements that stand once in both lists are anchors, and what lies between two anchors is
/// compared by itself. Long lists of different elements, such as keys, so take no more than n log n.
enum Alignment {
  typealias Match = (before: Int, after: Int)

  /// Pairs of positions with equal elements, ascending in both lists.
  static func matches(_ before: [Text], _ after: [Text]) -> [Match] {
    var numbers: [Text: Int] = [:]
    func numbered(_ elements: [Text]) -> [Int] {
      elements.map { element in
        if let known = numbers[element] { return known }
        numbers[element] = numbers.count
        return numbers.count - 1
      }
    }
    let (left, right) = (numbered(before), numbered(after))
    var found: [Match] = []
    match(ArraySlice(left), ArraySlice(right), into: &found)
    return found
  }

  private static func match(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>, into found: inout [Match]) {
    var (a, b) = (a, b)
    while let first = a.first, first == b.first {
      found.append((a.startIndex, b.startIndex))
      a.removeFirst()
      b.removeFirst()
    }
    var tail: [Match] = []
    while let last = a.last, last == b.last {
      tail.append((a.endIndex - 1, b.endIndex - 1))
      a.removeLast()
      b.removeLast()
    }
    if !a.isEmpty, !b.isEmpty { matchBetween(a, b, into: &found) }
    found += tail.reversed()
  }

  private static func matchBetween(
    _ a: ArraySlice<Int>, _ b: ArraySlice<Int>, into found: inout [Match]
  ) {
    let anchors = anchors(a, b)
    guard !anchors.isEmpty else {
      found += longestCommonSubsequence(a, b)
      return
    }
    var start: Match = (a.startIndex, b.startIndex)
    for anchor in anchors {
      match(a[start.before..<anchor.before], b[start.after..<anchor.after], into: &found)
      found.append(anchor)
      start = (anchor.before + 1, anchor.after + 1)
    }
    match(a[start.before...], b[start.after...], into: &found)
  }

  /// The longest ascending list of elements that stand once on either side.
  private static func anchors(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>) -> [Match] {
    let (inA, inB) = (positionsOfSingles(a), positionsOfSingles(b))
    let pairs = inA.compactMap { element, position in
      inB[element].map { (before: position, after: $0) }
    }.sorted { $0.before < $1.before }
    // Patience sorting: the last pair of each pile, and for each pair the one it was put behind.
    var piles: [Int] = []
    var previous = [Int?](repeating: nil, count: pairs.count)
    for (index, pair) in pairs.enumerated() {
      let pile = piles.partitioningIndex { pairs[$0].after > pair.after }
      previous[index] = pile > 0 ? piles[pile - 1] : nil
      if pile == piles.count { piles.append(index) } else { piles[pile] = index }
    }
    var chain: [Match] = []
    var current = piles.last
    while let index = current {
      chain.append(pairs[index])
      current = previous[index]
    }
    return chain.reversed()
  }

  private static func positionsOfSingles(_ elements: ArraySlice<Int>) -> [Int: Int] {
    var positions: [Int: Int?] = [:]
    for index in elements.indices {
      positions.updateValue(
        positions[elements[index]] == nil ? index : nil, forKey: elements[index])
    }
    return positions.compactMapValues { $0 }
  }

  /// Elements that repeat, where there is no anchor. Beyond a million pairs they count as different.
  private static func longestCommonSubsequence(_ a: ArraySlice<Int>, _ b: ArraySlice<Int>)
    -> [Match]
  {
    let (n, m) = (a.count, b.count)
    guard n * m <= 1_000_000 else { return [] }
    let (left, right) = (Array(a), Array(b))
    var lengths = [[Int32]](repeating: [Int32](repeating: 0, count: m + 1), count: n + 1)
    for i in stride(from: n - 1, through: 0, by: -1) {
      for j in stride(from: m - 1, through: 0, by: -1) {
        lengths[i][j] =
          left[i] == right[j]
          ? lengths[i + 1][j + 1] + 1 : max(lengths[i + 1][j], lengths[i][j + 1])
      }
    }
    var found: [Match] = []
    var (i, j) = (0, 0)
    while i < n, j < m {
      if left[i] == right[j] {
        found.append((a.startIndex + i, b.startIndex + j))
        i += 1
        j += 1
      } else if lengths[i + 1][j] >= lengths[i][j + 1] {
        i += 1
      } else {
        j += 1
      }
    }
    return found
  }
}

extension Array {
  /// The first index whose element satisfies the predicate, all after it doing so too.
  fileprivate func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
