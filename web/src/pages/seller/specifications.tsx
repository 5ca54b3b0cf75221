import { Button, Card, Form, Input, InputNumber, Select, Space, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import type { Schemas } from '../../api/client'
import { Both } from './both'
import { Meter, Tiers } from './meter'
import { RulesFields } from '../licence/rules'
import { Covers } from './covers'

type Spec = Schemas['SpecificationBody']

/** Every combination of the attribute values, as keys. */
export const combinations = (attributes: Schemas['AttributeBody'][]) =>
  attributes
    .reduce<string[]>(
      (keys, a) => keys.flatMap((key) => (a.values ?? []).map((v) => (key ? `${key}/${v.code}` : (v.code ?? '')))),
      [''],
    )
    .map((key) => key || '-')

function Attributes({ at }: { at: number }) {
  const { t } = useTranslation()
  return (
    <Form.List name={[at, 'attributes']}>
      {(items, { add, remove }) => (
        <>
          {items.map((item) => (
            <Card
              key={item.key}
              size="small"
              style={{ marginBottom: 8 }}
              title={t('spec.attribute')}
              extra={
                <Button size="small" onClick={() => remove(item.name)}>
                  {t('action.remove')}
                </Button>
              }
            >
              <Space wrap align="baseline">
                <Form.Item name={[item.name, 'code']} label={t('spec.code')}>
                  <Input />
                </Form.Item>
                <Form.Item name={[item.name, 'name', 'zh']} label={t('language.zh')}>
                  <Input />
                </Form.Item>
                <Form.Item name={[item.name, 'name', 'en']} label={t('language.en')}>
                  <Input />
                </Form.Item>
              </Space>
              <Form.List name={[item.name, 'values']}>
                {(values, list) => (
                  <>
                    {values.map((value) => (
                      <Space key={value.key} wrap align="baseline">
                        <Form.Item name={[value.name, 'code']} label={t('spec.value')}>
                          <Input />
                        </Form.Item>
                        <Form.Item name={[value.name, 'name', 'zh']} label={t('language.zh')}>
                          <Input />
                        </Form.Item>
                        <Form.Item name={[value.name, 'name', 'en']} label={t('language.en')}>
                          <Input />
                        </Form.Item>
                        <Button size="small" onClick={() => list.remove(value.name)}>
                          {t('action.remove')}
                        </Button>
                      </Space>
                    ))}
                    <div>
                      <Button size="small" onClick={() => list.add({ code: '', name: { zh: '', en: '' } })}>
                        {t('spec.add_value')}
                      </Button>
                    </div>
                  </>
                )}
              </Form.List>
            </Card>
          ))}
          <Button onClick={() => add({ code: '', name: { zh: '', en: '' }, values: [] })}>
            {t('spec.add_attribute')}
          </Button>
        </>
      )}
    </Form.List>
  )
}

function Skus({ at, currency }: { at: number; currency: string }) {
  const { t } = useTranslation()
  const form = Form.useFormInstance<Schemas['ListingBody']>()
  const spec: Spec | undefined = Form.useWatch(['specifications', at])
  const once = spec?.charging_mode === 'ONE_TIME'
  const byUse = spec?.charging_mode === 'ON_DEMAND'
  const isPackage = spec?.charging_mode === 'ON_DEMAND_PKG'
  const generate = () => {
    const path = ['specifications', at, 'skus']
    const old: Schemas['SkuBody'][] = form.getFieldValue(path as never) ?? []
    const keys = combinations(form.getFieldValue(['specifications', at, 'attributes'] as never) ?? [])
    form.setFieldValue(
      path as never,
      keys.map((key) => old.find((s) => s.key === key) ?? { key, on_sale: true }) as never,
    )
  }
  return (
    <Form.List name={[at, 'skus']}>
      {(items) => (
        <>
          <Button onClick={generate}>{t('spec.generate')}</Button>
          {items.map((item) => (
            <Space key={item.key} wrap align="baseline" style={{ display: 'flex', marginTop: 8 }}>
              <Form.Item name={[item.name, 'key']} label={t('buy.combination')}>
                <Input readOnly className="mono" />
              </Form.Item>
              {isPackage && (
                <Form.Item name={[item.name, 'quota']} label={t('package.quota')}>
                  <Input inputMode="decimal" />
                </Form.Item>
              )}
              {byUse ? (
                <Tiers name={item.name} currency={currency} />
              ) : once ? (
                <Form.Item name={[item.name, 'once']} label={`${t('price.once')} (${currency})`}>
                  <Input inputMode="decimal" />
                </Form.Item>
              ) : (
                <>
                  <Form.Item name={[item.name, 'month']} label={`${t('price.month')} (${currency})`}>
                    <Input inputMode="decimal" />
                  </Form.Item>
                  <Form.Item name={[item.name, 'year']} label={`${t('price.year')} (${currency})`}>
                    <Input inputMode="decimal" />
                  </Form.Item>
                </>
              )}
              <Form.Item name={[item.name, 'on_sale']} label={t('spec.on_sale')} valuePropName="checked">
                <Switch />
              </Form.Item>
            </Space>
          ))}
        </>
      )}
    </Form.List>
  )
}

/** The meter of what is billed by use; of packages, what they cover. */
function MeterOf({ at }: { at: number }) {
  const mode: unknown = Form.useWatch(['specifications', at, 'charging_mode'])
  return mode === 'ON_DEMAND' ? <Meter at={at} /> : mode === 'ON_DEMAND_PKG' ? <Covers at={at} /> : null
}

/** Rules of licences, for those that are sold by code. */
function LicenceRulesOf({ at }: { at: number }) {
  return Form.useWatch('access_type') === 'license_code' ? <RulesFields at={at} /> : null
}

/** Specifications with enumerated attributes, their combinations and prices. */
export function Specifications({ currency }: { currency: string }) {
  const { t } = useTranslation()
  const modes = ['PERIOD', 'ONE_TIME', 'ON_DEMAND', 'ON_DEMAND_PKG'].map((value) => ({
    value,
    label: t(`charging.${value}`),
  }))
  return (
    <Form.List name="specifications">
      {(items, { add, remove }) => (
        <div className="stack">
          {items.map((item) => (
            <Card
              key={item.key}
              size="small"
              title={`${t('buy.specification')} ${item.name + 1}`}
              extra={
                <Button size="small" onClick={() => remove(item.name)}>
                  {t('action.remove')}
                </Button>
              }
            >
              <Space wrap align="baseline">
                <Form.Item name={[item.name, 'key']} label={t('products.key')} extra={t('spec.key_hint')}>
                  <Input />
                </Form.Item>
                <Form.Item name={[item.name, 'charging_mode']} label={t('store.charging')}>
                  <Select style={{ width: 160 }} options={modes} />
                </Form.Item>
                <Form.Item name={[item.name, 'trial_days']} label={t('spec.trial')} extra={t('spec.trial_hint')}>
                  <InputNumber min={3} max={180} precision={0} />
                </Form.Item>
                <Form.Item name={[item.name, 'upgrade_allowed']} label={t('spec.upgrade')} valuePropName="checked">
                  <Switch />
                </Form.Item>
                <Form.Item
                  name={[item.name, 'renewal_change_allowed']}
                  label={t('spec.renewal_change')}
                  valuePropName="checked"
                >
                  <Switch />
                </Form.Item>
              </Space>
              <Both name={[item.name, 'name']} label={t('field.name')} />
              <MeterOf at={item.name} />
              <LicenceRulesOf at={item.name} />
              <Attributes at={item.name} />
              <h2 style={{ marginTop: 16 }}>{t('spec.prices')}</h2>
              <Skus at={item.name} currency={currency} />
            </Card>
          ))}
          <div>
            <Button
              onClick={() =>
                add({
                  key: '',
                  name: { zh: '', en: '' },
                  charging_mode: 'PERIOD',
                  attributes: [],
                  skus: [{ key: '-', on_sale: true }],
                  upgrade_allowed: false,
                  on_sale: true,
                })
              }
            >
              {t('spec.add')}
            </Button>
          </div>
        </div>
      )}
    </Form.List>
  )
}
