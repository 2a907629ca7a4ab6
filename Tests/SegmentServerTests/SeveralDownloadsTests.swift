import Foundation
import Testing

@testable import SegmentServer

/// Read by Python's own module: it knows ZIP archives, and nothing of us.
@Suite struct SeveralDownloadsTests {
  private struct Unpacked: Decodable {
    var names: [String]
    var texts: [String: String]
  }

  private func unpack(_ bytes: Data) throws -> Unpacked {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).zip")
    try bytes.write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let script = """
      import json, sys, zipfile
      archive = zipfile.ZipFile(sys.argv[1])
      assert archive.testzip() is None
      names = archive.namelist()
      texts = {name: archive.read(name).decode() for name in names if not name.endswith(".parquet")}
      print(json.dumps({"names": names, "texts": texts}))
      """
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script, file.path]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return try JSONDecoder().decode(Unpacked.self, from: data)
  }

  @Test func `an archive has a file for each segment, and says what came of the others`()
    async throws
  {
    let shop = try await ServedShop()
    try shop.save("Oslo", "Bergen")
    _ = try shop.service.save(ServedShop.city("Oslo", named: "../Øst/o"))
    _ = try await shop.service.refresh()
    try shop.save("Moss")
    try await shop.serve { client in
      let path =
        "/segment-downloads?segment=oslo&segment=..%2F%C3%98st%2Fo&segment=moss&segment=nobody"
      let answer = try await client.bytes(path)
      let unpacked = try unpack(answer)
      #expect(unpacked.names == ["oslo.csv", "_._Øst_o.csv", "outcomes.json"])
      let single = try await client.get("/segments/oslo/download")
      #expect(unpacked.texts["oslo.csv"] == single.text)
      let outcomes = Answer(
        status: 200, headers: [:], text: unpacked.texts["outcomes.json"] ?? "")
      #expect(outcomes.all("status") == ["200", "200", "409", "404"])
      #expect(outcomes["items.0.members"] == "2" && outcomes["items.1.file"] == "_._Øst_o.csv")
      #expect(outcomes["items.3.problem.code"] == "unknownSegment")

      let parquet = try unpack(
        try await client.bytes("/segment-downloads?segment=oslo&segment=bergen&format=parquet"))
      #expect(parquet.names == ["oslo.parquet", "bergen.parquet", "outcomes.json"])
      #expect(try await client.get("/segment-downloads").status == 400)
    }
  }

  @Test func `what is large is packed in pieces and comes out as it was`() throws {
    let archive = ZipArchive()
    let line = Array("one line, again and again\n".utf8)
    var packed = try archive.begin("large.csv", at: 1_774_936_800)
    for _ in 0..<200_000 { packed.writeImmutableBuffer(try archive.add(line)) }
    packed.writeImmutableBuffer(try archive.begin("small.csv", at: 1_774_936_800))
    packed.writeImmutableBuffer(try archive.add(line))
    packed.writeImmutableBuffer(try archive.finish())
    #expect(packed.readableBytes < 200_000)
    let unpacked = try unpack(Data(packed.readableBytesView))
    #expect(unpacked.texts["large.csv"]?.utf8.count == 200_000 * line.count)
    #expect(unpacked.texts["small.csv"]?.utf8.elementsEqual(line) == true)
  }
}
