import Testing

@testable import SegmentServer

@Suite struct OutputRouteTests {
  @Test func `output tables are listed, and a segment keeps its own as a file`() async throws {
    let shop = try await ServedShop()
    try shop.save("Oslo", "Bergen")
    try await shop.serve { client in
      #expect(try await client.get("/outputs").all("name") == [])
      _ = try await shop.service.refresh()
      let kept = try await client.ask(
        .patch, "/segments/oslo", #"{"outputFile": true}"#, headers: ["If-Match": "*"])
      #expect(kept.status == 200 && kept["outputFile"] == "true")
      let behind = try await client.get("/outputs")
      #expect(behind.all("name") == ["Bergen", "Oslo"] && behind.all("rows") == ["2", "2"])
      #expect(behind["items.1.file.isCurrent"] == "false" && behind["items.0.file"] == nil)
      try await shop.service.writeOutputFiles()
      let table = try await client.get("/outputs/OSLO")
      #expect(table["segment"] == "oslo" && table["attributes.0.name"] == "Id")
      #expect(table["attributes.0.type"] == "integer" && table["file.isCurrent"] == "true")
      let unknown = try await client.get("/outputs/Osloo")
      #expect(unknown.status == 404 && unknown["code"] == "unknownOutputTable")
      #expect(unknown["detail"]?.contains("Oslo") == true)
    }
  }
}
