/** What of WordPress' database concerns sessions: its options table, as `wp_get_db_schema` has it. */

/** The statement that makes `<prefix>options`. */
export function optionsTable(prefix = 'wp_', collation = 'utf8mb4_unicode_520_ci'): string {
  const [characterSet] = collation.split('_')
  return `CREATE TABLE ${prefix}options (
  option_id bigint(20) unsigned NOT NULL auto_increment,
  option_name varchar(191) NOT NULL default '',
  option_value longtext NOT NULL,
  autoload varchar(20) NOT NULL default 'yes',
  PRIMARY KEY (option_id),
  UNIQUE KEY option_name (option_name),
  KEY autoload (autoload)
) DEFAULT CHARACTER SET ${characterSet} COLLATE ${collation}`
}
