import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import SegmentServer

@Suite struct ResultRouteTests {
  private static let everybody = """
    {"segment": "every “one”", "rules": [
       {"match": {"attribute": "Customer.Id", "isNot": "empty"}},
       {"combine": "union", "from": "Order", "match": {"attribute": "Order.Nr", "isNot": "empty"}}],
     "project": ["Customer.City", "Order.Product"]}
    """
  private static let path = "/segments/every%20%E2%80%9Cone%E2%80%9D"

  private func shop() async throws -> ServedShop {
    let shop = try await ServedShop()
    _ = try shop.service.save(Self.everybody)
    _ = try await shop.service.refresh()
    return shop
  }

  @Test func `members come page by page, of one run`() async throws {
    let shop = try await shop()
    try await shop.serve { client in
      let first = try await client.get("\(Self.path)/members?limit=3")
      #expect(first.status == 200 && first["total"] == "5")
      #expect(first["columns"] == #"["Id","Customer.City","Order.Product"]"#)
      #expect(first["rows.0"] == #"[1,"Oslo",["tea","coffee"]]"#)
      _ = try await shop.service.refresh()
      let next = try #require(first["next"])
      let second = try await client.get("\(Self.path)/members?limit=3&cursor=\(next)")
      #expect(second["rows"] == #"[[4,"Bergen",[]],[5,null,[]]]"# && second["next"] == nil)
      #expect(second["run"] == first["run"])
      let wrong = try await client.get("\(Self.path)/members?cursor=abc")
      #expect(wrong.status == 400 && wrong["code"] == "wrongCursor")
      let other = try await client.get("\(Self.path)/members?part=exited&cursor=\(next)")
      #expect(other.status == 400)
      #expect(try await client.get("\(Self.path)/members?part=entered")["total"] == "0")
    }
  }

  @Test(arguments: [true, false])
  func `a download is the list as a file`(isLive: Bool) async throws {
    try await shop().serve(isLive ? .live : .router) { client in
      let csv = try await client.get("\(Self.path)/download")
      #expect(csv.status == 200)
      #expect(csv.headers[.contentType]?.hasPrefix("text/csv") == true)
      let name = csv.headers[.contentDisposition] ?? ""
      #expect(
        name
          == "attachment; filename=\"every _one_.csv\"; filename*=UTF-8''every%20%E2%80%9Cone%E2%80%9D.csv"
      )
      #expect(csv.text.hasPrefix("Id,Customer.City,Order.Product\r\n1,Oslo,"))
      let lines = try await client.get("\(Self.path)/download?format=ndjson&run=1")
      #expect(lines.headers[.contentType] == "application/x-ndjson")
      #expect(lines.text.split(separator: "\n").count == 5)
      #expect(lines.headers[.contentDisposition]?.contains("run 1.ndjson") == true)
      let parquet = try await client.get("\(Self.path)/download?format=parquet")
      #expect(parquet.status == 200 && parquet.text.hasPrefix("PAR1"))
      #expect(parquet.text.hasSuffix("PAR1"))
    }
  }

  @Test func `what cannot be downloaded is refused before the first byte`() async throws {
    let shop = try await shop()
    try await shop.serve { client in
      _ = try await client.ask(.post, "/segments?save=only", ServedShop.city("Oslo"))
      let never = try await client.get("/segments/oslo/download")
      #expect(never.status == 409 && never["code"] == "neverRefreshed")
      #expect(try await client.get("/segments/nobody/download").status == 404)
      #expect(try await client.get("\(Self.path)/download?run=77")["code"] == "unknownRun")
    }
    let left = try FileManager.default.contentsOfDirectory(
      atPath: shop.folder.appending(path: ".muster/tmp").path)
    #expect(left.filter { $0.hasPrefix("members-") }.isEmpty)
  }

  @Test func `cells that a spreadsheet would run are neutralised unless raw`() async throws {
    let shop = try await ServedShop()
    try Data("Id,City,Points,Joined\n1,=1+1,1,\n".utf8).write(
      to: shop.folder.appending(path: "Customer.csv"))
    _ = try await shop.service.load()
    _ = try shop.service.save(Self.everybody)
    _ = try await shop.service.refresh()
    try await shop.serve { client in
      let safe = try await client.get("\(Self.path)/download")
      #expect(safe.text.contains("1,'=1+1,"))
      let raw = try await client.get("\(Self.path)/download?raw=true")
      #expect(raw.text.contains("1,=1+1,"))
    }
  }

  @Test func `answers are compressed for whom can read it`() async throws {
    let shop = try await shop()
    let rows = (1...3_000).map { "\($0),City \($0 % 7),\($0),\n" }.joined()
    try Data("Id,City,Points,Joined\n\(rows)".utf8).write(
      to: shop.folder.appending(path: "Customer.csv"))
    _ = try await shop.service.load()
    _ = try await shop.service.refresh()
    try await shop.serve(.live) { client in
      let plain = try await client.get("\(Self.path)/download")
      #expect(plain.headers[.contentEncoding] == nil)
      #expect(plain.headers[values: .vary].contains("Accept-Encoding"))
      let packed = try await client.raw(
        "\(Self.path)/download", headers: ["Accept-Encoding": "br;q=1, gzip;q=0.5"])
      #expect(packed.headers[.contentEncoding] == "gzip")
      #expect(packed.body.readableBytes * 3 < plain.text.utf8.count)
      #expect(try gunzip(Array(packed.body.readableBytesView)) == Array(plain.text.utf8))
      for refusal in ["identity", "gzip;q=0", "br"] {
        let answer = try await client.raw(
          "\(Self.path)/download", headers: ["Accept-Encoding": refusal])
        #expect(answer.headers[.contentEncoding] == nil)
      }
      let short = try await client.raw(
        "/segments?limit=1&search=nothing", headers: ["Accept-Encoding": "gzip"])
      #expect(short.headers[.contentEncoding] == nil)
      let parquet = try await client.raw(
        "\(Self.path)/download?format=parquet", headers: ["Accept-Encoding": "gzip"])
      #expect(parquet.headers[.contentEncoding] == nil)
      #expect(parquet.headers[.contentLength] == "\(parquet.body.readableBytes)")
    }
  }

  /// As another program reads it.
  private func gunzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).gz")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["gzip", "-dc", file.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return Array(output)
  }

  @Test func `runs are listed, read and compared`() async throws {
    let shop = try await shop()
    try Data("Id,City,Points,Joined\n5,,50,\n9,Rome,1,\n".utf8).write(
      to: shop.folder.appending(path: "Customer.csv"))
    _ = try await shop.service.load()
    for _ in 1...2 { _ = try await shop.service.refresh() }
    try await shop.serve { client in
      let whole = try await client.get("\(Self.path)/runs")
      #expect(whole.all("run") == ["3", "2", "1"] && whole["items.2.kept"] == "all")
      let first = try await client.get("\(Self.path)/runs?limit=2")
      let next = try #require(first["next"])
      let second = try await client.get("\(Self.path)/runs?limit=2&cursor=\(next)")
      #expect(first.all("run") + second.all("run") == ["3", "2", "1"] && second["next"] == nil)

      let run = try await client.get("\(Self.path)/runs/2")
      #expect(run["members"] == "2" && run["entered"] == "1" && run["exited"] == "4")
      #expect(run["rules.0.cumulative"] == "2" && run["previousRun"] == "1")
      #expect(try await client.get("\(Self.path)/runs/77").status == 404)

      let difference = try await client.get("\(Self.path)/runs/2/difference?keys=2")
      #expect(difference["entered"] == "1" && difference["enteredKeys"] == "[9]")
      #expect(difference["exited"] == "4" && difference["exitedKeys"] == "[1,2]")
      let turned = try await client.get("\(Self.path)/runs/1/difference?from=3&keys=0")
      #expect(turned["entered"] == "4" && turned["enteredKeys"] == "[]")
      #expect(try await client.get("\(Self.path)/runs/1/difference")["code"] == "noRunBefore")

      let trend = try await client.get("\(Self.path)/trend")
      #expect(trend.all("members") == ["5", "2", "2"] && trend.all("runs") == ["1", "1", "1"])
      #expect(try await client.get("\(Self.path)/trend?points=1").all("runs") == ["3"])
      #expect(
        try await client.get("\(Self.path)/trend?since=2100-01-01T00:00:00Z")["items"] == "[]")
    }
  }

  @Test func `why and explain say what decided`() async throws {
    let shop = try await shop()
    try await shop.serve { client in
      let why = try await client.get("\(Self.path)/why?key=3")
      #expect(why.status == 200 && why["isMember"] == "true" && why["key"] == "3")
      #expect(why["findings.0.holds"] == "true" && why["run"] == "1")
      #expect(try await client.get("\(Self.path)/why?key=99")["code"] == "unknownProfile")
      #expect(try await client.get("\(Self.path)/why").status == 400)
      let explained = try await client.get("\(Self.path)/explain")
      #expect(explained["queries.0.sql"]?.contains("SELECT") == true)
      #expect(explained["sentence"]?.isEmpty == false)
    }
  }

  @Test func `a definition is counted`() async throws {
    try await ServedShop().serve { client in
      let exact = try await client.ask(
        .post, "/definitions/estimate?budget=60000", ServedShop.city("Oslo"))
      #expect(exact.status == 200 && exact["isExact"] == "true" && exact["universe"] == "5")
      #expect(exact["count.value"] == "2" && exact["count.low"] == "2" && exact["sample"] == nil)
      #expect(exact["rules.0.cumulative.high"] == "2")
      let waited = try await client.ask(
        .post, "/definitions/estimate?wait=true&budget=0", ServedShop.city("Rome"))
      #expect(waited["isExact"] == "true" && waited["count.value"] == "0")
      let wrong = try await client.ask(
        .post, "/definitions/estimate", ServedShop.city("Oslo").replacing("City", with: "Ctiy"))
      #expect(wrong.status == 422 && wrong["problems.0.code"] == "unknownAttribute")
    }
  }
}

extension Client {
  /// The answer as it comes, whatever it is.
  fileprivate func raw(_ path: String, headers: [String: String]) async throws -> TestResponse {
    var fields: HTTPFields = [.authorization: "Bearer \(key)"]
    for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
    return try await client.execute(
      uri: Contract.basePath + path, method: .get, headers: fields, body: nil)
  }
}
