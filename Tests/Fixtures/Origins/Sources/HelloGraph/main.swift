import TenonOps

let x = try Value(site: .init()).softmax()
check("named call", try x.softmax(), isNamed: true)
check("operator", try x + x)
check("operators in one line", try x * x + x)
try [1, 2].forEach { _ in check("operator in a closure", try x + x) }
try Model(weight: x)(x)
try x.inExtension()
try generic(x, 1)
try generic(x, "text")
check("operator inside of Tenon", try x.twice())
check("operator inside of Tenon, inlined", try x.twiceInlined())
check("first equal function", try equalOne(x), or: "HelloGraph/Model.swift:22")
check("second equal function", try equalTwo(x), or: "HelloGraph/Model.swift:25")
check("first similar function", try similarOne(x)[0], or: "HelloGraph/Model.swift:28")
check("second similar function", try similarTwo(x)[0], or: "HelloGraph/Model.swift:31")
