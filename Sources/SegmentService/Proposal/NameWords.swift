/// The words of the name of a file, table or column, in lower case and singular: `BillToAddresses` is
/// bill, to, address.
struct NameWords: Hashable {
  var words: [String]

  init(words: [String]) { self.words = words }

  init(_ name: String) {
    words = NameWords.split(name).map { NameWords.normal($0) }
    // `EMail` and `E-Mail`.
    while let index = words.indices.dropLast().first(where: {
      words[$0] == "e" && words[$0 + 1] == "mail"
    }) {
      words.replaceSubrange(index...(index + 1), with: ["email"])
    }
  }

  var isEmpty: Bool { words.isEmpty }
  var last: String? { words.last }

  func ends(with other: NameWords) -> Bool {
    !other.isEmpty && words.count >= other.words.count
      && words.suffix(other.words.count) == other.words[...]
  }

  func contains(_ vocabulary: Set<String>) -> Bool { words.contains { vocabulary.contains($0) } }

  // MARK: - Words

  /// At changes from small to capital letters, between letters and digits, and at all other signs.
  private static func split(_ name: String) -> [String] {
    var words: [String] = []
    var word = ""
    let scalars = Array(name.unicodeScalars)
    for (index, scalar) in scalars.enumerated() {
      let properties = scalar.properties
      let isDigit = ("0"..."9").contains(scalar)
      guard properties.isAlphabetic || isDigit else {
        words.append(word)
        word = ""
        continue
      }
      if let before = word.unicodeScalars.last {
        let follows = index + 1 < scalars.count && scalars[index + 1].properties.isLowercase
        let wasDigit = ("0"..."9").contains(before)
        let isBorder =
          isDigit != wasDigit
          || properties.isUppercase && (before.properties.isLowercase || follows)
        if isBorder {
          words.append(word)
          word = ""
        }
      }
      word.unicodeScalars.append(scalar)
    }
    return (words + [word]).filter { !$0.isEmpty }
  }

  private static func normal(_ word: String) -> String {
    let word = word.lowercased()
    return abbreviations[word] ?? singular(word)
  }

  private static func singular(_ word: String) -> String {
    if let known = irregular[word] { return known }
    guard word.count > 3, word.hasSuffix("s") else { return word }
    if word.hasSuffix("ies"), word.count > 4 { return word.dropLast(3) + "y" }
    for ending in ["sses", "shes", "ches", "xes"] where word.hasSuffix(ending) {
      return String(word.dropLast(2))
    }
    for ending in ["ss", "us", "is"] where word.hasSuffix(ending) { return word }
    return String(word.dropLast())
  }

  private static let irregular = [
    "people": "person", "children": "child", "movies": "movie", "series": "series", "news": "news",
    "status": "status",
  ]

  private static let abbreviations = [
    "cust": "customer", "prod": "product", "emp": "employee", "acct": "account", "acc": "account",
    "org": "organization", "organisation": "organization", "organisations": "organization",
    "dept": "department", "addr": "address", "mgr": "manager", "txn": "transaction",
    "rep": "representative", "reps": "representative", "kunde": "customer", "kunden": "customer",
    "nr": "number", "num": "number", "nbr": "number", "nummer": "number",
  ]
}

/// A column's name: what it names, and whether it says that it identifies that.
struct ColumnName: Hashable {
  enum Strength: Int, Comparable {
    case none
    /// `InvoiceNo`, `CountryCode`: it may be one of several names of the thing.
    case weak
    /// `CustomerId`, `id`.
    case strong

    static func < (left: Strength, right: Strength) -> Bool { left.rawValue < right.rawValue }
  }

  let name: String
  let words: NameWords
  /// Without the word that says "id"; empty for a plain `id`.
  let base: NameWords
  let strength: Strength

  /// - Parameter entities: what tables are about; splits names such as `customerid`.
  init(_ name: String, entities: Set<String> = []) {
    self.name = name
    var words = NameWords(name).words
    if let last = words.last, let stem = ColumnName.stem(of: last, entities) {
      words.replaceSubrange((words.count - 1)..., with: [stem, "id"])
    }
    self.words = NameWords(words: words)
    if let last = words.last, ColumnName.strong.contains(last) {
      base = NameWords(words: words.dropLast())
      strength = .strong
    } else if words.count > 1, words.first == "id" {
      base = NameWords(words: Array(words.dropFirst()))
      strength = .strong
    } else if let last = words.last, ColumnName.weak.contains(last) {
      base = NameWords(words: words.dropLast())
      strength = base.contains(ColumnName.noIdentity) ? .none : .weak
    } else {
      base = self.words
      strength = .none
    }
  }

  /// A plain `id` or `key`: it names the table's own rows.
  var isPlainID: Bool { base.isEmpty && strength == .strong }

  /// The name without its "id", as it was written: `SupportRep` of `SupportRepId`.
  var stem: String {
    guard strength != .none, !base.isEmpty, words.words.first != "id" || words.words.count == 1
    else {
      return name
    }
    let ending = [
      "id", "key", "code", "no", "nr", "num", "number", "ref", "guid", "uuid", "fk", "sk",
    ]
    .filter { name.lowercased().hasSuffix($0) }.max { $0.count < $1.count }
    var stem = Substring(name).dropLast(ending?.count ?? 0)
    while let last = stem.last, !last.isLetter, !last.isNumber { stem.removeLast() }
    return stem.isEmpty ? name : String(stem)
  }

  private static func stem(of word: String, _ entities: Set<String>) -> String? {
    guard word.hasSuffix("id"), word.count > 3 else { return nil }
    let stem = NameWords(String(word.dropLast(2))).words
    guard stem.count == 1, let only = stem.first else { return nil }
    return entities.contains(only) || EntityKind(word: only) != nil ? only : nil
  }

  private static let strong: Set = [
    "id", "key", "guid", "uuid", "sk", "fk", "pk", "ref", "identifier",
  ]
  private static let weak: Set = ["code", "no", "number"]
  /// Numbers and codes of these say nothing of which thing it is.
  private static let noIdentity: Set = [
    "phone", "telephone", "mobile", "cell", "fax", "postal", "post", "zip", "area", "house",
    "street",
    "version", "revision", "page", "year", "week", "month", "day", "dialing", "credit", "card",
    "color",
  ]
}

/// What a table is about, as far as it tells whom segments can be about.
enum EntityKind {
  case consumer, account, contact, staff

  init?(word: String) {
    if EntityKind.staffWords.contains(word) {
      self = .staff
    } else if EntityKind.consumerWords.contains(word) {
      self = .consumer
    } else if EntityKind.accountWords.contains(word) {
      self = .account
    } else if word == "contact" {
      self = .contact
    } else {
      return nil
    }
  }

  /// By the last word, which says what the thing is: an `OrderCustomer` is a customer.
  init?(_ words: NameWords) {
    // A sales person is no customer.
    if words.ends(with: NameWords(words: ["sale", "person"])) {
      self = .staff
      return
    }
    guard let kind = words.last.flatMap({ EntityKind(word: $0) }) else { return nil }
    self = kind
  }

  private static let staffWords: Set = [
    "employee", "staff", "salesperson", "representative", "agent", "manager", "worker", "driver",
    "technician", "clerk", "cashier", "advisor", "seller",
  ]
  private static let consumerWords: Set = [
    "customer", "client", "consumer", "shopper", "buyer", "guest", "patient", "passenger", "member",
    "subscriber", "user", "visitor", "donor", "student", "patron", "household", "cardholder",
    "person",
    "individual", "lead", "prospect", "profile", "player", "participant", "policyholder", "tenant",
  ]
  private static let accountWords: Set = [
    "account", "company", "organization", "business", "firm", "corporation", "enterprise",
    "merchant",
    "dealer", "distributor", "retailer",
  ]
}
