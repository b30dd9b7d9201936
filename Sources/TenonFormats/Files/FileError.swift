import Glibc
import TenonTensor

extension TenonError {
  /// `model.tenon: cannot be read: no such file or folder`.
  static func unreadable(_ path: String, errno code: Int32) -> TenonError {
    TenonError("file-read", "\(path): cannot be read: \(reason(code))")
  }

  static func notRegular(_ path: String) -> TenonError {
    TenonError("file-read", "\(path): cannot be read: not a regular file")
  }

  static func changedWhileOpen(_ path: String) -> TenonError {
    TenonError(
      "file-read",
      "\(path): the file has changed since it was opened; open it again, and replace files by "
        + "renaming, not in place")
  }

  static func truncatedWhileOpen(_ path: String) -> TenonError {
    TenonError(
      "file-read",
      "\(path): the file was truncated while its bytes were in use, so results would be wrong; "
        + "open it again, and replace files by renaming, not in place")
  }

  static func unwritable(_ path: String, errno code: Int32) -> TenonError {
    TenonError("file-write", "\(path): cannot be written: \(reason(code))")
  }

  static func unwritableFolder(_ path: String, folder: String, errno code: Int32) -> TenonError {
    TenonError("file-write", "\(path): cannot be written: folder \(folder): \(reason(code))")
  }

  /// What an `errno` means, in lower case.
  private static func reason(_ code: Int32) -> String {
    switch code {
    case ENOENT: "no such file or folder"
    case EACCES, EPERM: "permission denied"
    case ENOSPC: "no space is left on the device"
    case EDQUOT: "the disk quota is used up"
    case EFBIG: "the file would be larger than allowed"
    case EROFS: "the file system is read-only"
    case EISDIR: "it is a folder"
    case ENOTDIR: "a part of the path is no folder"
    case ENAMETOOLONG: "the name is too long"
    case ELOOP: "too many symbolic links"
    case EILSEQ: "the path holds a zero byte"
    default: String(cString: strerror(code))
    }
  }
}
