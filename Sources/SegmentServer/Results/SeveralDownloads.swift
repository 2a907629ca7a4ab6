import Foundation
import Hummingbird
import NIOCore
import SegmentCompiler
import SegmentService

/// The members of several segments as one archive.
extension DownloadHandlers {
  func downloadSeveral(_ request: APIRequest) -> Response {
    let format = request.word("format", as: MemberFormat.self) ?? .csv
    let (names, isRaw) = (request.texts("segment"), request.flag("raw"))
    let body = ResponseBody { [service] writer in
      var packing = PackedLists(service: service, format: format, isRaw: isRaw)
      for name in names {
        try await packing.add(name) { try await writer.write($0) }
      }
      try await packing.finish { try await writer.write($0) }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok,
      headers: [
        .contentType: "application/zip",
        .contentDisposition: Download.attachment(called: "members.zip"),
      ], body: body)
  }
}

/// An archive with a file for each segment, and at its end one that says what came of each.
private struct PackedLists {
  struct Outcome: Encodable {
    var segment: String
    var status: Int
    var file: String?
    var run: Int64?
    var members: Int?
    var problem: ProblemBody?
  }

  let service: SegmentService
  let format: MemberFormat
  let isRaw: Bool
  private let archive = ZipArchive()
  private var outcomes: [Outcome] = []
  /// When the last of the runs ended, in seconds; what ZIP can say begins in 1980.
  private var latest: Int64 = 315_532_800
  private var names: Set<String> = [PackedLists.outcomesName]

  private static let outcomesName = "outcomes.json"

  init(service: SegmentService, format: MemberFormat, isRaw: Bool) {
    self.service = service
    self.format = format
    self.isRaw = isRaw
  }

  /// - Throws: where a list that was begun cannot be read to its end: half of it must not be taken for the whole.
  mutating func add(_ segment: String, to write: (ByteBuffer) async throws -> Void) async throws {
    let list: MemberList
    do {
      list = try service.memberList(MemberSelection(segment: segment))
    } catch {
      let problem = Problem(error)
      outcomes.append(
        Outcome(
          segment: segment, status: problem.status.code, problem: ProblemBody(problem)))
      return
    }
    let file = fileName(list.run.segment)
    let finished = list.run.finished / 1_000_000
    latest = max(latest, finished)
    try await write(archive.begin(file, at: finished))
    switch format {
    case .csv: try await add(list.bytes(as: .csv(raw: isRaw)), to: write)
    case .ndjson: try await add(list.bytes(as: .ndjson), to: write)
    case .parquet: try await add(service.temporaryParquet(of: list).bytes, to: write)
    }
    outcomes.append(
      Outcome(
        segment: list.run.segment, status: 200, file: file, run: list.run.id, members: list.count))
  }

  mutating func finish(to write: (ByteBuffer) async throws -> Void) async throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try await write(archive.begin(PackedLists.outcomesName, at: latest))
    try await write(archive.add([UInt8](encoder.encode(Items(items: outcomes)))))
    try await write(archive.finish())
  }

  private func add<Pieces: AsyncSequence>(
    _ pieces: Pieces, to write: (ByteBuffer) async throws -> Void
  ) async throws where Pieces.Element == [UInt8] {
    for try await piece in pieces {
      let packed = try archive.add(piece)
      if packed.readableBytes > 0 { try await write(packed) }
    }
  }

  /// One that every system can unpack, and no other file of the archive has.
  private mutating func fileName(_ segment: String) -> String {
    let plain = String(
      segment.map { character in
        let isFit = !"/\\:*?\"<>|".contains(character) && !character.isNewline
        return isFit ? character : "_"
      })
    let base = plain.hasPrefix(".") ? "_" + plain.dropFirst() : plain
    var name = "\(base).\(format.rawValue)"
    var number = 1
    // Systems that tell no upper from lower case overwrite silently.
    while !names.insert(name.lowercased()).inserted {
      number += 1
      name = "\(base) (\(number)).\(format.rawValue)"
    }
    return name
  }
}
