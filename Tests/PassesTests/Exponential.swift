import Glibc

extension Double {
  var exponential: Double { exp(self) }
}
