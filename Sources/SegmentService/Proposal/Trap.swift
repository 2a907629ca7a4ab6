/// Something in the data that a reader of a proposal has to know.
public struct Trap: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Whole numbers that are names: `00123`.
    case leadingZeros
    /// Keys written as `17850.0`.
    case decimalKey
    /// `999`, `-1`, `9999-12-31`, `unknown` in place of nothing.
    case sentinel
    /// `NULL`, `N/A`: read as missing.
    case missingSpelling
    /// Dates in more than one notation.
    case mixedFormats
    /// Day and month cannot be told apart.
    case ambiguousDate
    /// Values of another kind among numbers or dates.
    case mixedValues
    /// Numbers with a comma, a currency or a percent sign.
    case writtenNumber
    /// Blanks around values.
    case blanks
    /// Digits that are no number: postal codes, telephone numbers.
    case digits
    /// Datetimes that are all at midnight.
    case midnight
    /// The same value in every row.
    case constant
    /// No value in any row.
    case empty
    case mostlyEmpty
    /// A key but for some rows.
    case nearlyUnique
    /// A number that counts the rows of the file.
    case rowNumber
    /// A foreign key by its name whose values are not, or only some, those of a key.
    case unmatched
    /// Declared so that both sides of a relationship have one type.
    case keyTypes
    /// A column or name that cannot be loaded as it is.
    case notLoaded
    /// Rows that stand in the files more than once.
    case duplicateRows
  }

  public var kind: Kind
  /// nil where it is about the table.
  public var attribute: String?
  public var message: String
  /// What sets it apart from others of its kind, empty where nothing does; nil where its message has to be
  /// read as a whole.
  var summary: String?
}

/// A file that is in no proposed table.
public struct LeftOutFile: Error, Sendable, Equatable {
  /// Below the folder.
  public var path: String
  public var reason: String
}
