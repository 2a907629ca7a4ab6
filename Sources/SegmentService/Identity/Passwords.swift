import Crypto
import CryptoExtras
import Dispatch
import Foundation
import SegmentCompiler
import SegmentStore

/// Makes and verifies hashes of passwords, one at a time: each takes much memory and time, on purpose.
struct Passwords: Sendable {
  /// What new hashes are made with.
  let cost: PasswordCost
  /// Neither on a thread that others wait for, nor several at once.
  private let queue = DispatchQueue(label: "muster.passwords")
  /// Verified where there is no hash, so that it takes as long.
  private let decoy: PasswordHash

  init(cost: PasswordCost = .standard) {
    self.cost = cost
    decoy = PasswordHash(
      cost: cost, salt: Token.randomBytes(16), key: Token.randomBytes(PasswordHash.keySize))
  }

  func hash(_ password: String) async throws -> PasswordHash {
    try await onQueue { [cost] in try PasswordHash(of: password, cost: cost) }
  }

  /// - Parameter hash: nil where there is none: then it is wrong, and takes as long.
  func verify(_ password: String, against hash: PasswordHash?) async throws -> Bool {
    let isRight = try await onQueue { [decoy] in try (hash ?? decoy).matches(password) }
    return isRight && hash != nil
  }

  private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws
    -> Value
  {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }
}

/// How much work it is to compute a hash by scrypt, for us and for whoever guesses: 128 · 2^rounds · blockSize bytes.
public struct PasswordCost: Sendable, Equatable {
  /// The binary logarithm of N.
  public var rounds: Int
  public var blockSize: Int
  public var parallelism: Int

  public init(rounds: Int, blockSize: Int, parallelism: Int) {
    self.rounds = rounds
    self.blockSize = blockSize
    self.parallelism = parallelism
  }

  /// What OWASP recommends: 128 MiB.
  public static let standard = PasswordCost(rounds: 17, blockSize: 8, parallelism: 1)
}

/// A password as scrypt makes it unreadable, written in the PHC string format with the parameters that were used:
/// `$scrypt$ln=17,r=8,p=1$salt$key`.
struct PasswordHash: Sendable, Equatable, CustomStringConvertible {
  static let keySize = 32

  let cost: PasswordCost
  private let salt: Data
  private let key: Data

  init(cost: PasswordCost, salt: Data, key: Data) {
    self.cost = cost
    self.salt = salt
    self.key = key
  }

  init(of password: String, cost: PasswordCost) throws {
    let salt = Token.randomBytes(16)
    let key = try PasswordHash.key(of: password, salt: salt, cost: cost)
    self.init(cost: cost, salt: salt, key: key.withUnsafeBytes { Data($0) })
  }

  /// nil unless the text is what ``description`` writes.
  init?(_ text: String) {
    guard
      let match = text.wholeMatch(
        of: /\$scrypt\$ln=([0-9]{1,2}),r=([0-9]{1,2}),p=([0-9]{1,2})\$([^$]+)\$([^$]+)/),
      let rounds = Int(match.1), let blockSize = Int(match.2), let parallelism = Int(match.3),
      let salt = Data(unpadded: match.4), let key = Data(unpadded: match.5),
      key.count == PasswordHash.keySize
    else { return nil }
    self.init(
      cost: PasswordCost(rounds: rounds, blockSize: blockSize, parallelism: parallelism),
      salt: salt,
      key: key)
  }

  var description: String {
    "$scrypt$ln=\(cost.rounds),r=\(cost.blockSize),p=\(cost.parallelism)$\(salt.unpadded)$\(key.unpadded)"
  }

  /// Takes the same time whether it matches or not.
  func matches(_ password: String) throws -> Bool {
    try PasswordHash.key(of: password, salt: salt, cost: cost) == SymmetricKey(data: key)
  }

  private static func key(of password: String, salt: Data, cost: PasswordCost) throws
    -> SymmetricKey
  {
    // The same characters however a keyboard composes them.
    let text = password.precomposedStringWithCanonicalMapping
    return try KDF.Scrypt.deriveKey(
      from: Array(text.utf8), salt: salt, outputByteCount: keySize, rounds: 1 << cost.rounds,
      blockSize: cost.blockSize, parallelism: cost.parallelism)
  }
}

extension Data {
  fileprivate var unpadded: String { base64EncodedString().filter { $0 != "=" } }

  fileprivate init?(unpadded text: some StringProtocol) {
    let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
    self.init(base64Encoded: text + padding)
  }
}

/// Why a password cannot be taken.
public enum PasswordProblem: Sendable, Equatable, CustomStringConvertible {
  case tooShort
  case tooLong
  case isName

  static let shortest = 12
  static let longest = 200

  /// nil where there is none. Which characters it is made of is nobody's business.
  init?(of password: String, for account: Account) {
    let count = password.precomposedStringWithCanonicalMapping.unicodeScalars.count
    let names = [account.name, account.displayName].compactMap { $0?.lowercased() }
    if names.contains(password.lowercased()) {
      self = .isName
    } else if count < PasswordProblem.shortest {
      self = .tooShort
    } else if count > PasswordProblem.longest {
      self = .tooLong
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .tooShort: "A password has at least \(PasswordProblem.shortest) characters."
    case .tooLong: "A password has at most \(PasswordProblem.longest) characters."
    case .isName: "A password must not be the name of the account."
    }
  }
}
