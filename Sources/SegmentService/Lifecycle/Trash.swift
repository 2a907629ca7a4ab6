import SegmentCompiler
import SegmentStore

extension SegmentService {
  /// Puts a segment in the trash, with its versions, runs and members. Its names are free for others.
  ///
  /// - Parameter evenIfUsed: also where others refer to it, which are not refreshed then.
  /// - Throws: ``SegmentInUse``.
  @discardableResult
  public func delete(_ name: String, evenIfUsed: Bool = false) throws -> SegmentRecord {
    try change(name, [.trash(evenIfUsed: evenIfUsed)])
  }

  /// The segments in the trash, the last one first.
  public func trash() throws -> [SegmentRecord] { try store.trash() }

  /// Takes the segment of that name that was deleted last out of the trash, as it was.
  ///
  /// - Parameter written: another name for it; nil for its own.
  @discardableResult
  public func restore(deleted name: String, as written: String? = nil) throws -> SegmentRecord {
    let name = SegmentDefinition.canonicalName(name)
    return try store.edit(at: now().microseconds) { edits in
      let trashed = try trashed(name, edits)
      let new = written.map(SegmentDefinition.canonicalName) ?? name
      guard SegmentDefinition.isValidName(new) else { throw LifecycleError.invalidName(new) }
      guard try edits.record(new) == nil else { throw LifecycleError.nameTaken(new) }
      let isFree = try !edits.isTaken(outputName: trashed.outputName)
      let restored = try edits.restore(
        trashed, as: new,
        outputName: isFree ? trashed.outputName : edits.freeOutputName(for: new))
      guard Text(new) != Text(name) else { return restored }
      var document = try restored.version.document()
      document["segment"] = .text(new)
      let isDraft = restored.version.isDraft
      return try edits.save(
        isDraft ? document.json : SegmentDefinition(decoding: document).json, isDraft: isDraft,
        in: restored)
    }
  }

  /// Deletes what is in the trash for good: there is no way back. The members are removed by the next `gc`.
  ///
  /// - Parameter name: nil for everything.
  /// - Returns: what was there.
  @discardableResult
  public func emptyTrash(of name: String? = nil) throws -> [SegmentRecord] {
    let name = name.map(SegmentDefinition.canonicalName)
    return try store.edit(at: now().microseconds) { edits in
      let going = try edits.trash().filter { name == nil || $0.name == name }
      if let name, going.isEmpty { _ = try trashed(name, edits) }
      for record in going { try edits.purge(record) }
      return going
    }
  }

  private func trashed(_ name: String, _ edits: SegmentEdits) throws -> SegmentRecord {
    let all = try edits.trash()
    guard let record = all.first(where: { $0.name == name }) else {
      throw LifecycleError.notInTrash(name, others: Set(all.map { "'\($0.name)'" }).sorted())
    }
    return record
  }
}
