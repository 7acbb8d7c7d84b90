<?php
// Classes of every kind that PHP serializes in its own way; they keep what they are given.
error_reporting(E_ALL & ~E_DEPRECATED);

enum Suit { case Hearts; case Spades; }
enum Status: string { case On = 'on'; case Off = 'off'; }

class Vis
{
    public $pub;
    protected $prot;
    private $priv;

    public static function with(mixed $pub, mixed $prot, mixed $priv): static
    {
        $made = new static();
        [$made->pub, $made->prot, $made->priv] = [$pub, $prot, $priv];
        return $made;
    }
}

/** Two private properties of one name. */
#[AllowDynamicProperties]
class VisChild extends Vis
{
    private $priv = 'of the child';
    protected ?int $typed;
}

class Üñï { public $ключ; private $été = 1; }

class Frozen { public function __construct(public readonly mixed $value) {} }

class WithSleep
{
    public $left = 'out';
    public $kept;
    private $own = 3;
    public function __sleep(): array { return ['own', 'kept']; }
}

/** Its keys may be integers. */
class Magic
{
    public function __construct(private array $data) {}
    public function __serialize(): array { return $this->data; }
    public function __unserialize(array $data): void { $this->data = $data; }
}

class Old implements Serializable
{
    public function __construct(private string $data) {}
    public function serialize() { return $this->data; }
    public function unserialize($data) { $this->data = $data; }
}

/** Writes its value into its own data; PHP goes on counting slots there. */
class Nested implements Serializable
{
    public function __construct(private mixed $value) {}
    public function serialize() { return serialize($this->value); }
    public function unserialize($data) { $this->value = unserialize($data); }
}
