import Foundation
import SegmentService
import Testing

@testable import SegmentServer

@Suite struct BackupRouteTests {
  @Test func `a backup goes where the settings say, and nowhere else`() async throws {
    let place = FileManager.default.temporaryDirectory.appending(path: "backups-\(UUID())")
    defer { try? FileManager.default.removeItem(at: place) }
    let shop = try await ServedShop()
    try await shop.serve { client in
      let nowhere = try await client.ask(.post, "/backups", "{}")
      #expect(nowhere.status == 409 && nowhere["code"] == "noBackupFolder")
      let chosen = try await client.ask(.post, "/backups", #"{"path": "/tmp/elsewhere"}"#)
      #expect(chosen.status == 403 && chosen["code"] == "commandLineOnly")
    }
    try await shop.serve(backups: BackupSettings(path: place.path, keep: 1)) { client in
      let first = try await client.ask(.post, "/backups")
      #expect(first.status == 201 && first["missing"] == "[]", "\(first)")
      let second = try await client.ask(.post, "/backups", "{}")
      #expect(second["removed.0"] == first["path"])
      let list = try await client.get("/backups")
      #expect(list.all("path") == [second["path"]] && list.all("isThere") == ["true"])
      let path = try #require(second["path"])
      _ = try await Backup.check(URL(filePath: path))
    }
  }
}
