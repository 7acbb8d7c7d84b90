/**
 * The classes and interfaces of the extensions that every PHP has (Core, date, hash, json, pcre,
 * random, Reflection, SPL, standard), in lower case, as PHP 8.2 declares them.
 *
 * @see get_declared_classes(), get_declared_interfaces()
 * @module
 */

function names(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/))
}

/** What no data becomes an object of: classes marked so, abstract classes, interfaces. */
export const REFUSED = names(String.raw`
  closure directoryiterator fiber filesystemiterator generator globiterator internaliterator
  random\engine\secure recursivedirectoryiterator reflectionattribute reflectionclass
  reflectionclassconstant reflectionenum reflectionenumbackedcase reflectionenumunitcase
  reflectionextension reflectionfiber reflectionfunction reflectionfunctionabstract
  reflectiongenerator reflectionintersectiontype reflectionmethod reflectionnamedtype
  reflectionobject reflectionparameter reflectionproperty reflectionreference reflectiontype
  reflectionuniontype reflectionzendextension sensitiveparametervalue splfileinfo splfileobject
  spltempfileobject weakmap weakreference
  arrayaccess backedenum countable datetimeinterface filteriterator iterator iteratoraggregate
  jsonserializable outeriterator random\cryptosafeengine random\engine recursivefilteriterator
  recursiveiterator reflector seekableiterator serializable splheap splobserver splsubject
  stringable throwable traversable unitenum
`)

/** What implements `Iterator`, those above included. */
export const ITERATORS = names(`
  appenditerator arrayiterator cachingiterator callbackfilteriterator directoryiterator
  emptyiterator filesystemiterator filteriterator generator globiterator infiniteiterator
  internaliterator iterator iteratoriterator limititerator multipleiterator norewinditerator
  outeriterator parentiterator recursivearrayiterator recursivecachingiterator
  recursivecallbackfilteriterator recursivedirectoryiterator recursivefilteriterator
  recursiveiterator recursiveiteratoriterator recursiveregexiterator recursivetreeiterator
  regexiterator seekableiterator spldoublylinkedlist splfileobject splheap splmaxheap splminheap
  splobjectstorage splpriorityqueue splqueue splstack spltempfileobject
`)

/** The exceptions and errors. */
export const THROWABLES = names(String.raw`
  argumentcounterror arithmeticerror assertionerror badfunctioncallexception
  badmethodcallexception closedgeneratorexception compileerror divisionbyzeroerror
  domainexception error errorexception exception fibererror invalidargumentexception
  jsonexception lengthexception logicexception outofboundsexception outofrangeexception
  overflowexception parseerror random\brokenrandomengineerror random\randomerror
  random\randomexception rangeexception reflectionexception runtimeexception typeerror
  underflowexception unexpectedvalueexception unhandledmatcherror valueerror
`)

/** All the others. */
export const OTHERS = names(String.raw`
  __php_incomplete_class allowdynamicproperties arrayobject attribute dateinterval dateperiod
  datetime datetimeimmutable datetimezone directory hashcontext php_user_filter
  random\engine\mt19937 random\engine\pcgoneseq128xslrr64 random\engine\xoshiro256starstar
  random\randomizer reflection returntypewillchange sensitiveparameter splfixedarray stdclass
`)

/** PHP compares the letters of ASCII without case, and no other; all of its own names are ASCII. */
const ASCII_NAME = /^[\w\\]+$/

const ALL = new Set([...REFUSED, ...ITERATORS, ...THROWABLES, ...OTHERS])

/** Names that were looked up, and what they are: a payload has few classes and many objects. */
const MAX_LOOKED_UP = 1000
const lookedUp = new Map<string, string>()

/** None of PHP's own is longer; what is kept stays small, whatever payloads hold. */
const MAX_LENGTH = 40

/** The name of a class in lower case, as the tables have it; empty where it is none of PHP's own. */
export function builtInName(className: string): string {
  if (className.length > MAX_LENGTH) return ''
  return lookedUp.get(className) ?? lookUp(className)
}

function lookUp(className: string): string {
  if (!ASCII_NAME.test(className)) return ''
  const lower = className.toLowerCase()
  const name = ALL.has(lower) ? lower : ''
  // A copy, as the name may be a part of the text of a whole payload.
  if (lookedUp.size < MAX_LOOKED_UP) lookedUp.set(Buffer.from(className).toString(), name)
  return name
}
