import SegmentCompiler

/// A table on its way into a proposal.
struct TableDraft {
  var profile: TableProfile
  var names: [ColumnName]
  /// What it is about: the words of its name without those that all tables share.
  var entity: NameWords
  var advice: TableAdvice
  /// Columns of the primary key; empty where there is none.
  var key: [String] = []
  /// Why it is the key, or why there is none.
  var keyReason = ""
  var traps: [Trap] = []

  var name: String { profile.name }

  /// The key where it is one column, which is what relationships refer to.
  var singleKey: ColumnName? {
    guard key.count == 1, let index = profile.index(key[0]) else { return nil }
    return names[index]
  }

  /// Columns such as e-mail addresses and birthdays.
  var personalColumns: Int { names.count { $0.words.contains(TableDraft.personal) } }

  /// Persons or companies, by its name, its key or its columns.
  var isAboutPersons: Bool {
    EntityKind(entity) != nil || singleKey.flatMap { EntityKind($0.base) } != nil
      || personalColumns >= 3
  }

  func columnName(_ name: String) -> ColumnName? { profile.index(name).map { names[$0] } }

  func loadedType(_ column: String) -> AttributeType? {
    profile.index(column).map { advice[$0].loaded }
  }

  /// What tables are about: without words that say how they were made, and those that all of them begin with.
  static func entities(of names: [String]) -> [NameWords] {
    let all = names.map { NameWords($0).words }
    var shared = 0
    if all.count > 1, let shortest = all.map(\.count).min() {
      while shared < shortest - 1, Set(all.map { $0[shared] }).count == 1 { shared += 1 }
    }
    return all.map { words in
      let own = Array(words.dropFirst(shared))
      let kept = own.filter { !technical.contains($0) && $0.first?.isNumber != true }
      return NameWords(words: kept.isEmpty ? own : kept)
    }
  }

  private static let personal: Set = [
    "email", "phone", "telephone", "mobile", "birth", "birthday", "birthdate", "dob", "gender",
    "first",
    "firstname", "lastname", "surname", "marital", "income",
  ]
  private static let technical: Set = [
    "tbl", "table", "dim", "fact", "fct", "stg", "staging", "raw", "src", "export", "extract",
    "data",
    "dataset", "csv", "derived", "view", "vw", "full", "list", "dump", "file", "dbo", "latest",
    "current",
    "all", "master",
  ]
}

/// An attribute of a draft.
struct DraftColumn: Hashable {
  var table: Int
  var column: String
}
