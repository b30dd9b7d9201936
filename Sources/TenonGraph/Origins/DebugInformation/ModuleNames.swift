extension DebugUnits {
  /// The Swift module that each unit of `.debug_line` was compiled in, by the unit's offset.
  mutating func moduleNames() -> [Int: String] {
    var modules: [Int: String] = [:]
    for unit in units {
      if let lines = unit.lines { modules[lines] = moduleName(unit) }
    }
    return modules
  }

  /// The module that is described in the unit and was not imported into it: an imported one has
  /// the path of its compiled form, the unit's own the folder of its source, or nothing.
  private mutating func moduleName(_ unit: DebugUnit) -> String? {
    let folder = unit.name?.split(separator: "/", omittingEmptySubsequences: false).dropLast()
      .joined(separator: "/")
    var module: String?
    forEachEntry(of: unit) { depth, entry, reader, units in
      guard depth == 1, entry.tag == DwarfName.moduleTag else {
        units.skip(entry, unit, &reader)
        return true
      }
      let values = units.values(entry, unit, &reader)
      guard case .text(let name)? = values[DwarfName.name] else { return true }
      if case .text(let path)? = values[DwarfName.includePath], path != folder { return true }
      module = name
      return false
    }
    return module
  }
}
