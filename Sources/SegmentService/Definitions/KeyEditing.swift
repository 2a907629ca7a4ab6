import Foundation
import SegmentCompiler
import SegmentEngines

/// Keys that somebody names: one, or those of a text.
public enum KeyInput: Sendable {
  case key(String)
  /// - file: what the text is called in messages.
  case text(String, format: KeyFormat, column: String?, file: String?)

  /// - Parameter format: nil for what the file's ending says.
  public static func file(_ path: String, format: KeyFormat?, column: String?) throws -> KeyInput {
    .text(
      try TextFile(path: path, atMost: TextFile.mostBytesOfKeys, mayBePipe: true).text,
      format: format ?? KeyFormat(path: path), column: column, file: path)
  }
}

/// What becomes of the list of a manual segment.
public enum KeyEdit: String, Sendable {
  case add, remove
  /// The list becomes what is given.
  case replace
}

/// What editing a list did.
public struct KeyEditReport: Sendable {
  public var segment: String
  /// The saved version; the one before where nothing changed.
  public var version: Int
  public var added: Int
  public var removed: Int
  /// Given keys that were there already, or that were not there to be removed.
  public var idle: Int
  /// Keys and lines that were given for nothing: twice, or blank.
  public var repeated: Int
  public var blank: Int
  /// How many keys the list has.
  public var total: Int
  /// Those that no profile has yet.
  public var pending: [ProfileKey]
}

/// Why a list cannot be edited.
public enum KeyEditError: Error, Equatable, CustomStringConvertible {
  case notManual(String)
  case otherAudience(segment: String, audience: String)
  case unknown(String)

  public var description: String {
    switch self {
    case .notManual(let segment):
      "'\(segment)' selects its members by rules; only a manual segment has a list of keys."
    case .otherAudience(let segment, let audience):
      "'\(segment)' is a segment of the audience '\(audience)'."
    case .unknown(let segment):
      "There is no segment '\(segment)'. To make a manual one, give --create."
    }
  }
}

extension SegmentService {
  /// Changes the list of a manual segment, as a new version.
  ///
  /// - Parameters:
  ///   - creating: makes the segment where there is none.
  ///   - audience: of a segment that is made; nil where the workspace has one.
  /// - Throws: ``Diagnostics`` with every line that holds no key.
  public func edit(
    _ edit: KeyEdit, _ inputs: [KeyInput], of name: String, creating: Bool = false,
    audience: String? = nil
  ) async throws -> KeyEditReport {
    try await reading { snapshot in
      try await self.edit(
        edit, inputs, of: try manualSegment(name, creating: creating, audience: audience),
        in: snapshot)
    }
  }

  private func edit(
    _ edit: KeyEdit, _ inputs: [KeyInput], of definition: SegmentDefinition, in snapshot: Snapshot
  ) async throws -> KeyEditReport {
    var definition = definition
    // An audience that does not exist is a problem of the definition.
    let known = snapshot.catalog.audience(of: definition)
    let attribute = known.flatMap { snapshot.catalog.table($0.table)?.attribute($0.key) }
    let given = try GivenKeys(inputs, of: attribute ?? Attribute(name: "key", type: .text))
    let (list, report) = edit.applied(to: definition.profileKeys, given)
    definition.content = .keys(list.map(\.scalar))
    let saved = try save([WrittenDefinition(definition)], catalog: snapshot.catalog)[0]
    return KeyEditReport(
      segment: definition.name, version: saved.version ?? 0, added: report.added,
      removed: report.removed, idle: report.idle, repeated: given.repeated, blank: given.blank,
      total: list.count, pending: try await pendingKeys(list, of: definition, in: snapshot))
  }

  /// The list of a manual segment, or the keys of it that no profile has yet.
  ///
  /// - Returns: what the keys are called, and the keys in the order of the list.
  public func keys(of name: String, pendingOnly: Bool = false) async throws -> (
    attribute: String, keys: [ProfileKey]
  ) {
    let definition = try manualSegment(name, creating: false, audience: nil)
    let attribute = self.definition.keyAttribute(
      ofAudience: definition.audience ?? self.definition.soleAudience)
    let list = definition.profileKeys
    guard pendingOnly else { return (attribute, list) }
    return (
      attribute, try await reading { try await pendingKeys(list, of: definition, in: $0) }
    )
  }

  /// Writes keys, a row for each.
  public func write(
    _ keys: [ProfileKey], called name: String, as format: TextFormat,
    to write: ([UInt8]) async throws -> Void
  ) async throws {
    let rows = keys.map { key -> [DuckDBValue] in
      switch key {
      case .integer(let number): [.integer(number)]
      case .text(let text): [.text(text)]
      }
    }
    let writer = RowWriter(Pulled(of: [rows]), format: format, columns: [name])
    while let piece = try await writer.next() { try await write(piece) }
  }

  private func manualSegment(_ name: String, creating: Bool, audience: String?) throws
    -> SegmentDefinition
  {
    let name = SegmentDefinition.canonicalName(name)
    guard let version = try store.segment(name) else {
      guard creating else {
        let known = try unknownSegment(name)
        if case .unknownSegment(_, .some) = known { throw known }
        throw KeyEditError.unknown(name)
      }
      guard SegmentDefinition.isValidName(name) else {
        throw Diagnostics([
          Diagnostic(
            code: "invalidName", place: "",
            message:
              "A name has 1 to 200 characters, no control characters, and no blank at its ends.")
        ])
      }
      return SegmentDefinition(name: name, audience: audience, content: .keys([]))
    }
    let definition = try storedDefinition(version)
    guard case .keys = definition.content else { throw KeyEditError.notManual(name) }
    let own = definition.audience ?? self.definition.soleAudience
    guard audience == nil || audience == own else {
      throw KeyEditError.otherAudience(segment: name, audience: own)
    }
    return definition
  }

  private func pendingKeys(
    _ keys: [ProfileKey], of definition: SegmentDefinition, in snapshot: Snapshot
  ) async throws -> [ProfileKey] {
    guard let audience = snapshot.catalog.audience(of: definition) else { return [] }
    let found = try await engine.ordinals(of: keys, audience: audience, in: snapshot.version)
    return keys.filter { found[$0] == nil }
  }
}

extension GivenKeys {
  /// - Parameter attribute: the audience's key.
  /// - Throws: ``Diagnostics`` with every line that holds no key.
  init(_ inputs: [KeyInput], of attribute: Attribute) throws {
    self.init()
    for input in inputs {
      switch input {
      case .key(let text):
        guard let key = attribute.key(Array(text.utf8)[...]) else {
          throw Diagnostics([
            Diagnostic(
              code: "wrongValueType", place: "",
              message: "'\(text)' is no whole number, as the keys '\(attribute.name)' are.")
          ])
        }
        add(key)
      case .text(let text, let format, let column, let file):
        var reader = KeyListReader(attribute: attribute, column: column, file: file)
        let read = try reader.read(text, as: format)
        read.keys.forEach { add($0) }
        repeated += read.repeated
        blank += read.blank
      }
    }
  }
}

extension SegmentDefinition {
  /// The keys of a manual segment.
  fileprivate var profileKeys: [ProfileKey] {
    guard case .keys(let keys) = content else { return [] }
    return keys.compactMap { ProfileKey($0) }
  }
}

extension KeyEdit {
  fileprivate func applied(to old: [ProfileKey], _ given: GivenKeys) -> (
    keys: [ProfileKey], report: (added: Int, removed: Int, idle: Int)
  ) {
    let (before, named) = (Set(old), Set(given.keys))
    switch self {
    case .add:
      let new = given.keys.filter { !before.contains($0) }
      return (old + new, (new.count, 0, given.keys.count - new.count))
    case .remove:
      let rest = old.filter { !named.contains($0) }
      let removed = old.count - rest.count
      return (rest, (0, removed, given.keys.count - removed))
    case .replace:
      let stayed = named.count { before.contains($0) }
      return (given.keys, (named.count - stayed, before.count - stayed, stayed))
    }
  }
}
