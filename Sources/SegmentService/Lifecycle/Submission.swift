import SegmentCompiler
import SegmentStore

/// What somebody who saves a segment wants next.
public enum SaveMode: Sendable, CaseIterable {
  /// It becomes active.
  case run
  /// It becomes active, and is refreshed at once by whoever runs jobs.
  case refresh
  /// Nothing yet: a new segment is inactive.
  case only
}

/// A segment as it was saved, valid or not.
public struct SavedSegment: Sendable {
  public var record: SegmentRecord
  /// In words; empty for a draft.
  public var sentence: String
  public var warnings: [Diagnostic]
  /// Why it is a draft; empty for a valid one.
  public var problems: [Diagnostic]
}

/// Whether there must be a segment of that name.
public enum Submission: Sendable, Equatable {
  /// There must be none.
  case new
  /// There must be one, and at this revision unless that is nil.
  case edit(revision: Int?)
  case either
}

extension SegmentService {
  /// Saves definitions, those that are not valid as drafts: all of them or none.
  ///
  /// - Throws: ``DefinitionErrors`` where a text cannot be read or a segment has no name,
  ///   ``LifecycleError`` where one is new, old or changed and must not be.
  public func submit(
    _ sources: [DefinitionSource], as submission: Submission = .either, mode: SaveMode = .run
  ) throws -> [SavedSegment] {
    let catalog = try snapshot().catalog
    let submitted = try SubmittedDefinition.all(in: sources, catalog: catalog)
    let judged = try judge(submitted, catalog: catalog)
    return try store.edit(at: now().microseconds) { edits in
      try judged.map { item in
        let record = try save(item, as: submission, mode: mode, catalog: catalog, edits)
        return switch item.outcome {
        case .success(let planned):
          SavedSegment(
            record: record, sentence: planned.checked.sentence,
            warnings: planned.checked.warnings, problems: [])
        case .failure(let problems):
          SavedSegment(record: record, sentence: "", warnings: [], problems: problems.all)
        }
      }
    }
  }

  /// Saves a copy of a segment's definition under another name: inactive, or a draft as the original is.
  ///
  /// - Parameter written: nil for a name made of the original's.
  public func duplicate(_ name: String, as written: String? = nil) throws -> SegmentRecord {
    let name = SegmentDefinition.canonicalName(name)
    return try store.edit(at: now().microseconds) { edits in
      guard let original = try edits.record(name) else { throw try edits.unknownSegment(name) }
      let copy = try written.map(SegmentDefinition.canonicalName) ?? freeName(like: name, edits)
      guard SegmentDefinition.isValidName(copy) else { throw LifecycleError.invalidName(copy) }
      guard try edits.record(copy) == nil else { throw LifecycleError.nameTaken(copy) }
      var document = try original.version.document()
      document["segment"] = .text(copy)
      if let displayName = document["displayName"]?.textValue {
        document["displayName"] = .text("\(displayName) (copy)")
      }
      let isDraft = original.version.isDraft
      return try edits.create(
        copy,
        definition: isDraft ? document.json : SegmentDefinition(decoding: document).json,
        state: isDraft ? .draft : .inactive, type: original.type, owner: edits.author)
    }
  }

  private func freeName(like name: String, _ edits: SegmentEdits) throws -> String {
    var number = 1
    while true {
      let suffix = number == 1 ? " copy" : " copy \(number)"
      let candidate = String(name.unicodeScalars.prefix(200 - suffix.unicodeScalars.count)) + suffix
      if try edits.record(candidate) == nil { return candidate }
      number += 1
    }
  }

  private func save(
    _ item: JudgedDefinition, as submission: Submission, mode: SaveMode, catalog: Catalog,
    _ edits: SegmentEdits
  ) throws -> SegmentRecord {
    let (event, text): (SegmentEvent, String)
    switch item.outcome {
    case .success(let planned):
      event = mode == .only ? .savedOnly : .savedToRun
      text = try planned.checked.definition.canonical(in: catalog).json
    case .failure: (event, text) = (.savedDraft, item.document.json)
    }
    let found = try edits.record(item.name)
    switch (submission, found) {
    case (.new, .some): throw LifecycleError.nameTaken(item.name)
    case (.edit, nil): throw try edits.unknownSegment(item.name)
    case (.edit(let revision), .some(let record)): try record.require(revision)
    case (.new, nil), (.either, _): break
    }
    var record: SegmentRecord
    if let found {
      record = try edits.save(text, isDraft: event == .savedDraft, in: found)
      record.state = record.state.after(event) ?? record.state
      record = try edits.update(record)
    } else {
      record = try edits.create(
        item.name, definition: text, state: SegmentState(savedBy: event), owner: edits.author)
    }
    if mode == .refresh, event == .savedToRun { try edits.requestRefresh(of: record) }
    return record
  }
}
