import Testing

@testable import SegmentServer

@Suite struct CatalogRouteTests {
  @Test func `the catalog has everything that definitions can speak of`() async throws {
    try await ServedShop().serve { client in
      let catalog = try await client.get("/catalog")
      #expect(catalog.status == 200 && catalog["workspace"] == "Shop")
      #expect(catalog["dataVersion"] == "1" && catalog["tables.0.rows"] == "5")
      #expect(catalog["tables.0.name"] == "Customer" && catalog["tables.0.key"] == #"["Id"]"#)
      #expect(catalog["tables.0.attributes.1.name"] == "City")
      #expect(catalog["tables.0.attributes.1.operators"]?.contains("startsWith") == true)
      #expect(catalog["tables.1.attributes.4.type"] == "decimal(8,2)")
      #expect(catalog["relationships.0.name"] == "Order.Customer")
      #expect(catalog["audiences.0.paths.0.table"] == "Order")
      #expect(catalog["audiences.0.paths.0.steps"] == #"["Order.Customer"]"#)
      #expect(catalog["operators.0.meaning"]?.isEmpty == false && catalog["outputs"] == "[]")
    }
  }

  @Test func `values are suggested and searched`() async throws {
    try await ServedShop().serve { client in
      let values = try await client.get("/attributes/Order.Product/values")
      #expect(values.status == 200 && values["isComplete"] == "true" && values["distinct"] == "2")
      #expect(values["values.0.value"] == "coffee" && values["values.0.rows"] == "2")
      let found = try await client.get("/attributes/Customer.City/values?search=os&limit=1")
      #expect(found["values"] == #"[{"isExcerpt":false,"rows":2,"value":"Oslo"}]"#)
      #expect(found["missing"] == "1")
      let unknown = try await client.get("/attributes/Customer.Citty/values")
      #expect(unknown.status == 404 && unknown["code"] == "unknownAttribute")
      #expect(unknown["detail"]?.contains("'City'") == true)
      #expect(try await client.get("/attributes/City/values")["code"] == "invalidReference")
      #expect(try await client.get("/attributes/Cust.City/profile")["code"] == "unknownTable")
    }
  }

  @Test func `profiles are of categories or of distributions`() async throws {
    try await ServedShop().serve { client in
      let city = try await client.get("/attributes/Customer.City/profile")
      #expect(city["values.1.rows"] == "2" && city["histogram"] == nil)
      let points = try await client.get("/attributes/Customer.Points/profile")
      #expect(points["minimum"] == "10" && points["maximum"] == "50" && points["values"] == nil)
      #expect(points["percentiles.49"] == "20" && points["histogram.0.from"] == "10")
      let joined = try await client.get("/attributes/Customer.Joined/profile")
      #expect(joined["minimum"] == "2024-01-01" && joined["missing"] == "1")
    }
  }

  @Test func `the segments of a profile are those that hold it`() async throws {
    let shop = try await ServedShop()
    try await shop.serve { client in
      for city in ["Oslo", "Bergen"] {
        #expect(
          try await client.ask(.post, "/segments", ServedShop.city(city)).status == 201)
      }
      let path = "/audiences/Customer/profiles"
      #expect(try await client.get("\(path)/2/segments")["items"] == "[]")
      _ = try await shop.service.refresh()
      let found = try await client.get("\(path)/2/segments")
      #expect(found.status == 200 && found.all("segment") == ["oslo"] && found["key"] == "2")
      #expect(found.all("state") == ["active"])
      #expect(try await client.get("\(path)/99/segments")["code"] == "unknownProfile")
      #expect(try await client.get("\(path)/x/segments")["code"] == "wrongKey")
      #expect(try await client.get("/audiences/No/profiles/1/segments").status == 404)
    }
  }
}
