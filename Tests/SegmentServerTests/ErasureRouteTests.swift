import Foundation
import Logging
import SegmentCompiler
import Synchronization
import Testing

@testable import SegmentServer

@Suite struct ErasureRouteTests {
  private static let city = "Whoville-7341"
  private static let customers = """
    Id,City,Points,Joined
    7341000001,\(city),10,2024-01-01
    2,Oslo,20,2024-02-01

    """

  @Test func `an erased person is in no file and no log any more`() async throws {
    let lines = Mutex("")
    var logger = Logger(label: "test") { label in
      JSONLog(label: label) { line in lines.withLock { $0 += line } }
    }
    logger.logLevel = .trace
    let shop = try await ServedShop(customers: ErasureRouteTests.customers)
    try await shop.serve(logger: logger) { client in
      let path = "/audiences/Customer/profiles/7341000001"
      let everybody =
        #"{"segment": "all", "rules": [{"match": {"attribute": "Customer.Points", "is": "greaterThan", "value": 0}}]}"#
      _ = try await client.ask(.post, "/segments", everybody)
      _ = try await shop.service.refresh(["all"])
      #expect(try shop.holds(ErasureRouteTests.city))

      let dry = try await client.ask(.delete, "\(path)?dryRun=true")
      #expect(dry.status == 200 && dry["erased"] == "false" && dry["profiles"] == "1")
      #expect(try shop.holds(ErasureRouteTests.city))

      let done = try await client.ask(.delete, path)
      #expect(done.status == 200 && done["erased"] == "true" && done["runs"] == "1")
      #expect(done["tables.0.table"] == "Customer" && done["files.0.file"] == "Customer.csv")
      #expect(try shop.holds(ErasureRouteTests.city) == false)

      let unknown = try await client.ask(.delete, "/audiences/Customer/profiles/7341000002")
      #expect(unknown.status == 404 && unknown["code"] == "unknownProfile")
      #expect(try await client.ask(.delete, "/audiences/Nobody/profiles/1").status == 404)
      _ = try await shop.service.load()
      #expect(try shop.holds(ErasureRouteTests.city) == false)
    }
    let log = lines.withLock { $0 }
    #expect(!log.isEmpty && !log.contains("734100000") && !log.contains(ErasureRouteTests.city))
  }
}

extension ServedShop {
  /// Whether a file that the server keeps has the bytes of a text.
  fileprivate func holds(_ text: String) throws -> Bool {
    let home = folder.appending(path: ".muster")
    let files = FileManager.default.enumerator(at: home, includingPropertiesForKeys: nil)
    return try (files?.allObjects as? [URL] ?? []).contains { file in
      try !file.hasDirectoryPath && Data(contentsOf: file).range(of: Data(text.utf8)) != nil
    }
  }
}
