// swift-tools-version: 6.1
import PackageDescription

let strict: [SwiftSetting] = [
  .unsafeFlags(["-warnings-as-errors"])
]

let package = Package(
  name: "Muster",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "muster", targets: ["muster"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1",
      traits: ["FullFoundation"]),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
  ],
  targets: [
    // DuckDB's C API, bound at run time: the package builds without DuckDB.
    .target(name: "CDuckDB"),
    // Roaring bitmaps in C, from the system.
    .systemLibrary(
      name: "CRoaring",
      providers: [.apt(["libroaring-dev"]), .brew(["croaring"])]
    ),
    // gzip, from the system.
    .systemLibrary(
      name: "CZlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
    ),
    // ZIP archives, from the system.
    .systemLibrary(
      name: "CArchive",
      providers: [.apt(["libarchive-dev"]), .brew(["libarchive"])]
    ),
    // What Swift's view of the C library leaves out.
    .target(name: "CExchange"),
    // SMTP, from the system.
    .systemLibrary(
      name: "CCurl",
      providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]
    ),
    // Definition → plan → SQL: pure values, no I/O, no clock.
    .target(
      name: "SegmentCompiler",
      dependencies: [
        .product(name: "Yams", package: "Yams")
      ],
      swiftSettings: strict
    ),
    // Resolved rules → member sets, on DuckDB.
    .target(
      name: "SegmentEngines",
      dependencies: ["CDuckDB", "CRoaring", "SegmentCompiler"],
      swiftSettings: strict
    ),
    // Definitions, versions, runs, data versions in SQLite.
    .target(
      name: "SegmentStore",
      dependencies: [
        "SegmentCompiler",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ],
      swiftSettings: strict
    ),
    // The use cases.
    .target(
      name: "SegmentService",
      dependencies: [
        "CExchange", "SegmentCompiler", "SegmentEngines", "SegmentStore",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ],
      resources: [
        .embedInCode("Sample/sample.sql"),
        .embedInCode("Sample/sample-workspace.yaml"),
        .embedInCode("Sample/sample-segments.yaml"),
      ],
      swiftSettings: strict
    ),
    // Asks an OpenID provider who somebody is; knows nothing of segments.
    .target(
      name: "OpenIDConnect",
      dependencies: [
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "JWTKit", package: "jwt-kit"),
      ],
      swiftSettings: strict
    ),
    // The HTTP API.
    .target(
      name: "SegmentServer",
      dependencies: [
        "CArchive", "CZlib", "OpenIDConnect", "SegmentCompiler", "SegmentEngines", "SegmentService",
        "SegmentStore",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
      ],
      resources: [
        .embedInCode("OpenAPI/openapi.yaml"),
        .embedInCode("OpenAPI/segments.yaml"),
        .embedInCode("OpenAPI/definitions.yaml"),
        .embedInCode("OpenAPI/catalog.yaml"),
        .embedInCode("OpenAPI/results.yaml"),
        .embedInCode("OpenAPI/jobs.yaml"),
        .embedInCode("OpenAPI/outputs.yaml"),
        .embedInCode("OpenAPI/erasure.yaml"),
        .embedInCode("OpenAPI/backups.yaml"),
        .embedInCode("OpenAPI/identity.yaml"),
        .embedInCode("OpenAPI/notifications.yaml"),
      ],
      swiftSettings: strict
    ),
    // Requests that go out.
    .target(
      name: "SegmentNotifications",
      dependencies: [
        "CCurl", "SegmentService",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ],
      swiftSettings: strict
    ),
    .executableTarget(
      name: "muster",
      dependencies: [
        "OpenIDConnect", "SegmentCompiler", "SegmentEngines", "SegmentNotifications",
        "SegmentServer", "SegmentService", "SegmentStore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentCompilerTests",
      dependencies: ["SegmentCompiler"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentEnginesTests",
      dependencies: ["SegmentEngines"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentStoreTests",
      dependencies: [
        "SegmentStore",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentServerTests",
      dependencies: [
        "SegmentServer",
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "JWTKit", package: "jwt-kit"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentNotificationsTests",
      dependencies: [
        "SegmentNotifications",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
      ],
      swiftSettings: strict
    ),
    .testTarget(
      name: "MusterTests",
      dependencies: ["muster", "SegmentCompiler", "SegmentServer", "SegmentStore"],
      swiftSettings: strict
    ),
    .testTarget(
      name: "SegmentServiceTests",
      dependencies: [
        "SegmentService",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict
    ),
  ],
  swiftLanguageModes: [.v6]
)
