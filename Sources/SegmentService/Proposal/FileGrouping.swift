import Foundation
import SegmentCompiler

/// Files that are one table.
struct FileGroup {
  /// The table's.
  var name: String
  var files: [SniffedFile]
  /// Below the folder; they match these files and no others.
  var globs: [String]
  /// The columns of all files, in their order.
  var columns: [String] {
    var names: [String] = []
    for name in files.flatMap(\.columnNames) where !names.contains(name) { names.append(name) }
    return names
  }

  /// Puts together the files whose names differ by numbers, months and the like and that have much the same
  /// columns: `orders-2023.csv`, `orders-2024.csv`.
  ///
  /// - Parameter paths: of all files of the folder, none of which a glob must match by accident.
  static func groups(of files: [SniffedFile], among paths: [String]) -> [FileGroup] {
    var sets: [[SniffedFile]] = []
    for file in files {
      if let index = sets.firstIndex(where: { belongs(file, to: $0) }) {
        sets[index].append(file)
      } else {
        sets.append([file])
      }
    }
    return sets.map { FileGroup($0, among: paths) }
  }

  init(_ files: [SniffedFile], among paths: [String]) {
    name = FileGroup.name(of: files)
    self.files = files
    globs = Globs.matching(files.map(\.file.path), among: paths)
  }

  private static func belongs(_ file: SniffedFile, to group: [SniffedFile]) -> Bool {
    let series = FileSeries(file.file)
    guard let first = group.first, FileSeries(first.file).name == series.name,
      first.options == file.options,
      FileFormat(path: first.file.path) == FileFormat(path: file.file.path)
    else { return false }
    // The same number twice (`x.csv` and `x.csv.gz`) is the same data, not more of it.
    guard !group.contains(where: { FileSeries($0.file) == series }) else { return false }
    let known = Set(group.flatMap(\.columnNames))
    let own = Set(file.columnNames)
    return Double(known.intersection(own).count) >= 0.6 * Double(known.union(own).count)
  }

  private static func name(of files: [SniffedFile]) -> String {
    let series = FileSeries(files[0].file)
    let name = files.count > 1 || series.isDated ? series.name : files[0].file.stem
    return tableName(name.isEmpty ? files[0].file.stem : name)
  }

  /// Letters, digits and `_`, which references and calculations take without quotes.
  static func tableName(_ text: String) -> String {
    let words = text.split { !$0.isLetter && !$0.isNumber }
    let name = words.joined(separator: "_").prefix(100)
    guard let first = name.first else { return "Data" }
    return first.isNumber ? "Data_\(name.prefix(90))" : String(name)
  }

  /// Tables' names differ by more than case: else the folder goes before, then a number behind.
  static func giveEachItsName(_ groups: inout [FileGroup]) {
    func isTaken(_ index: Int) -> Bool {
      groups[..<index].contains { $0.name.lowercased() == groups[index].name.lowercased() }
    }
    for index in groups.indices where isTaken(index) {
      let plain = groups[index].name
      let folder = groups[index].files[0].file.folder.split(separator: "/").last.map(String.init)
      if let folder { groups[index].name = tableName(folder + "_" + plain) }
      var number = 2
      while isTaken(index) {
        groups[index].name = "\(plain)_\(number)"
        number += 1
      }
    }
  }
}

/// What a file's name says without its numbers and times, and these.
struct FileSeries: Hashable {
  /// `orders` of `orders-2023-11.csv`; the folder's where the name is nothing but numbers.
  var name: String
  /// `2023-11`, with those of folders such as `year=2023`.
  var number: String
  /// Whether the number is a date: four digits or more, or a month.
  var isDated: Bool

  init(_ file: FolderFile) {
    let folders = file.folder.split(separator: "/").map(String.init)
    let own = FileSeries.cut(file.stem)
    let parts = folders.map(FileSeries.cut)
    let kept = own.name.isEmpty ? parts.last { !$0.name.isEmpty }?.name ?? "" : own.name
    name = kept
    number = (parts.map(\.number) + [own.number]).filter { !$0.isEmpty }.joined(separator: "/")
    isDated = (parts + [own]).contains { $0.isDated }
  }

  private static func cut(_ text: String) -> (name: String, number: String, isDated: Bool) {
    var name: [String] = []
    var number: [String] = []
    var isDated = false
    let words = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
    for word in words {
      let pieces = pieces(of: word)
      let isPeriod = words.count > 1 && periods.contains(word.lowercased())
      if isPeriod {
        number.append(word.lowercased())
        isDated = true
        continue
      }
      let letters = pieces.filter { $0.first?.isNumber == false }
      let digits = pieces.filter { $0.first?.isNumber == true }
      number += digits
      if digits.contains(where: { $0.count >= 4 }) { isDated = true }
      let rest = letters.joined()
      if !rest.isEmpty, !(digits.count > 0 && counters.contains(rest.lowercased())) {
        name.append(rest)
      }
    }
    return (name.joined(separator: "_"), number.joined(separator: "-"), isDated)
  }

  /// Runs of letters and of digits.
  private static func pieces(of word: String) -> [String] {
    var pieces: [String] = []
    for character in word {
      if let last = pieces.last?.last, last.isNumber == character.isNumber {
        pieces[pieces.count - 1].append(character)
      } else {
        pieces.append(String(character))
      }
    }
    return pieces
  }

  private static let periods: Set<String> = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october",
    "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct",
    "nov",
    "dec",
  ]
  /// `q1`, `part2`, `year=2023`.
  private static let counters: Set<String> = [
    "q", "h", "w", "kw", "wk", "week", "part", "p", "v", "chunk", "year", "month", "day", "date",
    "no",
  ]
}

/// Globs for sets of paths.
enum Globs {
  /// The shortest list of globs that match `paths` and nothing else of `all`: one with `*`, one with the
  /// digits as classes, or the paths themselves.
  static func matching(_ paths: [String], among all: [String]) -> [String] {
    guard paths.count > 1 else { return paths.map(escaped) }
    let wanted = Set(paths)
    for glob in [starred(paths), digits(paths)].compactMap({ $0 })
    where Set(all.filter { matches($0, glob) }) == wanted {
      return [glob]
    }
    return paths.map(escaped)
  }

  static func matches(_ path: String, _ glob: String) -> Bool {
    fnmatch(glob, path, FNM_PATHNAME | FNM_PERIOD) == 0
  }

  /// `*` for what differs, folder by folder.
  private static func starred(_ paths: [String]) -> String? {
    let parts = paths.map { $0.split(separator: "/").map(String.init) }
    guard Set(parts.map(\.count)).count == 1, let count = parts.first?.count else { return nil }
    return (0..<count).map { level in starredPart(parts.map { $0[level] }) }.joined(separator: "/")
  }

  private static func starredPart(_ names: [String]) -> String {
    guard Set(names).count > 1, let first = names.first else { return escaped(names[0]) }
    func isBorder(_ length: Int, _ names: [[Character]]) -> Bool {
      names.allSatisfy { name in
        guard length > 0, length < name.count else { return true }
        let (a, b) = (name[length - 1], name[length])
        return !(a.isLetter && b.isLetter) && !(a.isNumber && b.isNumber)
      }
    }
    func common(_ names: [[Character]]) -> Int {
      let shortest = names.map(\.count).min() ?? 0
      var length =
        (0..<shortest).first { index in
          names.contains { $0[index] != names[0][index] }
        } ?? shortest
      while !isBorder(length, names) { length -= 1 }
      return length
    }
    let forward = names.map { Array($0) }
    let head = common(forward)
    let tail = common(forward.map { $0.dropFirst(head).reversed() })
    return escaped(String(first.prefix(head))) + "*" + escaped(String(first.suffix(tail)))
  }

  /// Names of one shape: `orders-[0-9][0-9][0-9][0-9].csv`.
  private static func digits(_ paths: [String]) -> String? {
    let shapes = Set(paths.map { $0.map { ("0"..."9").contains($0) ? "0" : $0 } })
    guard shapes.count == 1, let shape = shapes.first else { return nil }
    return shape.map { $0 == "0" ? "[0-9]" : escaped(String($0)) }.joined()
  }

  /// The path, its own `*`, `?` and `[` meaning themselves.
  static func escaped(_ path: String) -> String {
    path.map { "*?[".contains($0) ? "[\($0)]" : $0 == "\\" ? "\\\\" : String($0) }.joined()
  }
}
