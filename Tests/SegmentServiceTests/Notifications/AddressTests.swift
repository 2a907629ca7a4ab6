import Testing

@testable import SegmentService

/// Where requests may go.
@Suite struct AddressTests {
  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
    "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "100::1", "2001::1",
    "2001:10::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1", "fc00::1",
    "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "4000::1",
  ])
  func `an internal address is refused`(_ text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(!address.isPublic)
    #expect(!WebhookRules().allows(address, for: "example.com"))
  }

  @Test(arguments: [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "198.17.255.255",
    "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00::1", "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
  ])
  func `a public address is allowed`(_ text: String) throws {
    let address = try #require(IPAddress(text))
    #expect(WebhookRules().allows(address, for: "example.com"))
  }

  @Test(arguments: [
    "127.1", "2130706433", "0x7f.0.0.1", "010.0.0.1", "1.2.3", "1.2.3.4.5", "::1%lo", "[::1]", "",
    "localhost", "1.2.3.4 ",
  ])
  func `another notation is no address`(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test func `settings allow ranges and hosts`() throws {
    let rules = WebhookRules(
      allowedRanges: ["10.1.0.0/16", "fd00::/8", "192.168.7.9"].compactMap(AddressRange.init),
      allowedHosts: ["Internal.Example"])
    func allows(_ address: String, _ host: String = "x") throws -> Bool {
      rules.allows(try #require(IPAddress(address)), for: host)
    }
    for address in ["10.1.2.3", "fd12::1", "192.168.7.9", "::ffff:10.1.2.3"] {
      #expect(try allows(address), "\(address)")
    }
    for address in ["10.2.0.0", "fe80::1", "192.168.7.8", "::ffff:10.2.0.0", "127.0.0.1"] {
      #expect(try !allows(address), "\(address)")
      #expect(try allows(address, "internal.example"))
    }
    let wrong = ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::/129", "/8", "a/8"]
    for range in wrong { #expect(AddressRange(range) == nil, "\(range)") }
  }

  @Test func `a URL is read as it is sent`() throws {
    let url = try WebhookURL("HTTPS://Example.COM:8443/Path?q=A", by: WebhookRules())
    #expect(url.text == "https://example.com:8443/Path?q=A" && url.host == "example.com")
    #expect(url.isSecure && url.address == nil)
    #expect(try WebhookURL("https://[2606:4700::1]/", by: WebhookRules()).host == "2606:4700::1")
    #expect(try WebhookURL("https://a?b", by: WebhookRules()).text == "https://a?b")
  }

  @Test(arguments: [
    "https://user@example.com/", "https://user:pass@example.com/", "https://example.com#part",
    "ftp://example.com/", "https://", "https:///path", "https://exa mple.com/", "//example.com",
    "https://example.com:0/", "https://example.com:70000/", "https://example.com:/",
    "https://ex_a.com/",
    "https://bücher.example/", "https://example.com\\@10.0.0.1/", "https://[::1/", "https://[x]/",
    "https://[fe80::1%25eth0]/", "https://-a.com/", "https://example.com/\u{0}", "https://%31.com/",
    "https://example.com@10.0.0.1/", "http+unix://%2Ftmp/x",
    "https://" + String(repeating: "a", count: 2_000),
  ])
  func `a URL that could be read in two ways is refused`(_ text: String) {
    #expect(throws: WebhookError.self) {
      try WebhookURL(
        text, by: WebhookRules(allowsHTTP: true, allowedRanges: AddressRange.all("::/0")))
    }
  }

  @Test func `internal addresses and plain HTTP need to be allowed`() throws {
    for text in ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest"] {
      #expect(throws: WebhookError.self) { try WebhookURL(text, by: WebhookRules()) }
    }
    #expect(throws: WebhookError.notEncrypted) {
      try WebhookURL("http://example.com", by: WebhookRules())
    }
    let lax = WebhookRules(allowsHTTP: true, allowedRanges: AddressRange.all("127.0.0.0/8"))
    #expect(try WebhookURL("http://127.0.0.1:9/", by: lax).address == IPAddress("127.0.0.1"))
  }
}
