import NIOSSL

/// An authority of these tests alone, and a certificate of `hook.invalid`, a name that nobody can have: the key protects
/// nothing.
enum TestCertificates {
  static var authority: NIOSSLCertificate {
    get throws { try NIOSSLCertificate(bytes: Array(authorityText.utf8), format: .pem) }
  }

  static var server: TLSConfiguration {
    get throws {
      .makeServerConfiguration(
        certificateChain: [
          .certificate(try NIOSSLCertificate(bytes: Array(certificate.utf8), format: .pem))
        ],
        privateKey: .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem)))
    }
  }

  private static let authorityText = """
    -----BEGIN CERTIFICATE-----
    MIIBpjCCAU2gAwIBAgIUYg/5l2uDELUgawEWTUclJGFOj34wCgYIKoZIzj0EAwIw
    IDEeMBwGA1UEAwwVTXVzdGVyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMjAwMzgw
    OVoYDzIxMjYxMDI5MDAzODA5WjAgMR4wHAYDVQQDDBVNdXN0ZXIgdGVzdCBhdXRo
    b3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATR4SvA7lie56dGTVkDdt0R
    pRLMOge7f6ditQCeztAn2lUxJZImT1fU6TjQxuKJh5+7kBW98SjJSsp5YdnUBxxf
    o2MwYTAdBgNVHQ4EFgQUgArab2cA+65+Tum98dnu96rgSg8wHwYDVR0jBBgwFoAU
    gArab2cA+65+Tum98dnu96rgSg8wDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E
    BAMCAgQwCgYIKoZIzj0EAwIDRwAwRAIgEVOGE0bebQR/Mr//szsW5E8GnNqFJd0R
    beG86rt0oCwCICnyW5q9fxnZeSR7oDajCi6vjTtlN84SAAVgE5fTehdM
    -----END CERTIFICATE-----
    """

  private static let certificate = """
    -----BEGIN CERTIFICATE-----
    MIIBqzCCAVGgAwIBAgIUU4k5Zb73OLvYdgVfnoLFhxxWr6EwCgYIKoZIzj0EAwIw
    IDEeMBwGA1UEAwwVTXVzdGVyIHRlc3QgYXV0aG9yaXR5MCAXDTI2MTEyMjAwMzgw
    OVoYDzIxMjYxMDI5MDAzODA5WjAXMRUwEwYDVQQDDAxob29rLmludmFsaWQwWTAT
    BgcqhkjOPQIBBggqhkjOPQMBBwNCAASziOsiA4laAFKbB4QwhNCbEhFhcF2pxgr1
    kSlkBklX4tjxdSg2X/4IEwtaysollhHWBmCt5s0otCZsXhRik9w1o3AwbjAXBgNV
    HREEEDAOggxob29rLmludmFsaWQwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0O
    BBYEFH8h61tNdJKfZK1UmQWTBSYvnNYuMB8GA1UdIwQYMBaAFIAK2m9nAPuufk7p
    vfHZ7veq4EoPMAoGCCqGSM49BAMCA0gAMEUCIQDACd7GtDAF8EQWyyRmNTqNdktY
    hFZ78OWTPu9w5+VlfwIgZwDDdJXWIMlyP7vHWIsBuJnDxGDHYj5zsY2Ho5WPzJk=
    -----END CERTIFICATE-----
    """

  private static let key = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiDY7ZGlUr0YoC0Nk
    fFxj/YfzkOW+WFi1sEfsrKkGcjehRANCAASziOsiA4laAFKbB4QwhNCbEhFhcF2p
    xgr1kSlkBklX4tjxdSg2X/4IEwtaysollhHWBmCt5s0otCZsXhRik9w1
    -----END PRIVATE KEY-----
    """
}
