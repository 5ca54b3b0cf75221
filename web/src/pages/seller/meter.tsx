import { Button, Form, Input, Select, Space } from 'antd'
import { useTranslation } from 'react-i18next'
import { Both } from './both'

/** What is counted, when a specification is billed by use. */
export function Meter({ at }: { at: number }) {
  const { t } = useTranslation()
  const options = (name: string, values: string[]) =>
    values.map((value) => ({ value, label: t(`meter.${name}_${value}`) }))
  const field = (name: string) => [at, 'meter', name]
  return (
    <>
      <h2 style={{ marginTop: 16 }}>{t('meter.title')}</h2>
      <Both name={field('name')} label={t('meter.name')} />
      <Both name={field('unit')} label={t('meter.unit')} />
      <Space wrap align="baseline" style={{ display: 'flex' }}>
        <Form.Item name={field('cycle')} label={t('meter.cycle')} initialValue="hour">
          <Select style={{ width: 140 }} options={options('cycle', ['hour', 'day'])} />
        </Form.Item>
        <Form.Item name={field('model')} label={t('meter.model')} initialValue="fixed">
          <Select style={{ width: 220 }} options={options('model', ['fixed', 'tiered', 'volume'])} />
        </Form.Item>
        <Form.Item name={field('accumulation')} label={t('meter.accumulation')} initialValue="month">
          <Select style={{ width: 140 }} options={options('accumulation', ['month', 'day'])} />
        </Form.Item>
      </Space>
    </>
  )
}

/** The prices of a combination by use: tiers with rising ends, the last without. */
export function Tiers({ name, currency }: { name: number; currency: string }) {
  const { t } = useTranslation()
  return (
    <Form.List name={[name, 'tiers']}>
      {(items, { add, remove }) => (
        <div>
          {items.map((item) => (
            <Space key={item.key} wrap align="baseline">
              <Form.Item name={[item.name, 'up_to']} label={t('meter.tier_end')}>
                <Input inputMode="decimal" placeholder={t('meter.no_end')} />
              </Form.Item>
              <Form.Item name={[item.name, 'price']} label={`${t('meter.price')} (${currency})`}>
                <Input inputMode="decimal" />
              </Form.Item>
              <Button size="small" onClick={() => remove(item.name)}>
                {t('action.remove')}
              </Button>
            </Space>
          ))}
          <div>
            <Button size="small" onClick={() => add({ price: '' })}>
              {t('meter.add_tier')}
            </Button>
          </div>
        </div>
      )}
    </Form.List>
  )
}
