extension Document {
  /// What stands behind a key of a mapping; nil where there is none. Setting nil takes the entry away; a new one comes
  /// last.
  public subscript(key: String) -> Document? {
    get {
      guard case .mapping(let entries) = value else { return nil }
      return entries.first { Text($0.key) == Text(key) }?.value
    }
    set {
      guard case .mapping(var entries) = value else { return }
      if let index = entries.firstIndex(where: { Text($0.key) == Text(key) }) {
        if let newValue {
          entries[index].value = newValue
        } else {
          entries.remove(at: index)
        }
      } else if let newValue {
        entries.append(Entry(key: key, value: newValue))
      }
      value = .mapping(entries)
    }
  }

  /// nil for anything but a text.
  public var textValue: String? {
    guard case .scalar(.text(let text)) = value else { return nil }
    return text
  }
}
