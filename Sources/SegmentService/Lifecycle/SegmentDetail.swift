import SegmentCompiler
import SegmentStore

/// A segment with its definition, and what can be said of that today.
public struct SegmentDetail: Sendable {
  public var listed: ListedSegment
  /// As it was saved; of a draft whatever was given.
  public var document: Document
  /// In words; nil of a draft.
  public var sentence: String?
  /// Why it cannot be refreshed; empty where it can, and where no data is loaded.
  public var problems: [Diagnostic]
  public var warnings: [Diagnostic]
}

extension SegmentService {
  /// - Throws: ``WorkspaceError/unknownSegment(_:hint:)``.
  public func detail(of name: String) throws -> SegmentDetail {
    let record = try record(of: name)
    let document = try record.version.document()
    var detail = SegmentDetail(
      listed: try listed(record), document: document, problems: [], warnings: [])
    guard let catalog = try catalogIfLoaded() else { return detail }
    let submitted = SubmittedDefinition(name: record.name, document: document)
    switch try judge([submitted], catalog: catalog).first?.outcome {
    case .success(let planned)?:
      detail.sentence = planned.checked.sentence
      detail.warnings = planned.checked.warnings
    case .failure(let problems)?: detail.problems = problems.all
    case nil: break
    }
    return detail
  }

  /// nil where nothing is loaded, or other tables than the workspace file says now.
  private func catalogIfLoaded() throws -> Catalog? {
    do {
      return try snapshot().catalog
    } catch WorkspaceError.notLoaded, WorkspaceError.changedSinceLoad {
      return nil
    }
  }

  /// A definition as it was saved, of drafts too, of the segment as it is called now.
  ///
  /// - Throws: ``VersionError/unknown(_:segment:last:)``.
  public func document(of name: String, version number: Int) throws -> Document {
    let name = try record(of: name).name
    guard let version = try store.version(name, number: number) else {
      throw VersionError.unknown(
        number, segment: name, last: try store.versions(name).first?.number ?? 0)
    }
    return try version.document()
  }
}
